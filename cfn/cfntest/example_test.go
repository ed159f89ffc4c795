package cfntest_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"convox-travis/cfn/cfntest"
)

// It verifies signatures as AWS does: a client that signs nothing gets no answer
// to what it asked.
func Example() {
	aws := cfntest.New()
	aws.AddRack(cfntest.Rack{Region: "us-east-1", Name: "production", Host: "production-1612345678.us-east-1.elb.amazonaws.com"})
	server := httptest.NewServer(aws.Handler())
	defer server.Close()

	answer, err := http.PostForm(server.URL, url.Values{"Action": {"DescribeStacks"}, "Version": {"2010-05-15"}})
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.StatusCode, answer.Header.Get("Content-Type"))
	fmt.Println(aws.StatusOf("us-east-1", "production"))
	// Output:
	// 403 text/xml
	// UPDATE_COMPLETE
}
