package cfn_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
)

// The Racks of all regions are found with whatever credentials the AWS SDK finds.
// The AWS is a small one, for the example.
func Example() {
	aws := cfntest.New()
	aws.AddUser(cfntest.User{Account: "123456789012", Name: "ann", KeyID: "AKIAEXAMPLEEXAMPLE00", Secret: "made-up"})
	aws.AddRack(cfntest.Rack{Region: "eu-west-1", Name: "production", Host: "rack.production-1700000000.eu-west-1.convox.site", Version: "20240301100215"})
	aws.SwitchOff("af-south-1")
	server := httptest.NewServer(aws.Handler())
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "made-up",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_REGION": "eu-west-1",
	} {
		defer os.Setenv(name, os.Getenv(name))
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}

	ctx := context.Background()
	finder, err := cfn.NewFinder(cfn.Options{})
	if err != nil {
		log.Fatal(err)
	}
	found, err := finder.Search(ctx, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, rack := range found.Racks {
		fmt.Println(rack.Name, rack.Region, rack.Host, rack.Status)
	}
	for _, skipped := range found.Skipped {
		fmt.Println(skipped.Region, "was passed over")
	}
	// Output:
	// production eu-west-1 rack.production-1700000000.eu-west-1.convox.site UPDATE_COMPLETE
	// af-south-1 was passed over
}
