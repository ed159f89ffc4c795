package travisapi_test

import (
	"context"
	"fmt"
	"log"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// A private variable is written, and found again without its value, which Travis
// never gives back. The Travis is a small one, for the example.
func Example() {
	server := travistest.New()
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: "ann's token"})
	server.AddRepository(travistest.Repository{ID: 17, Slug: "ann/web", Active: true})
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	client, err := travisapi.New(travisapi.Config{Endpoint: server.URL, Token: secret.New("ann's token")})
	if err != nil {
		log.Fatal(err)
	}
	found, err := client.Repository(ctx, travisapi.BySlug(travisapi.GitHub, "ann/web"))
	if err != nil {
		log.Fatal(err)
	}
	repository := travisapi.ByID(found.ID) // a slug can become somebody else's
	made, err := client.CreateEnvVar(transport.Until(ctx), repository, travisapi.EnvVar{Name: "CONVOX_PASSWORD", Value: secret.New("a deploy key")})
	if err != nil {
		log.Fatal(err)
	}
	all, err := client.EnvVars(ctx, repository)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(all), all[0].Name, "public:", all[0].Public, "the same:", all[0].ID == made.ID)
	fmt.Printf("%q\n", all[0].Value.Reveal())
	// Output:
	// 1 CONVOX_PASSWORD public: false the same: true
	// ""
}
