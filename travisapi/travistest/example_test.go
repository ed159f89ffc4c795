package travistest_test

import (
	"fmt"
	"io"
	"log"
	"net/http"

	"convox-travis/travisapi/travistest"
)

// Any client works with it that speaks HTTP. One that sends no token is told so
// in Travis's words.
func Example() {
	server := travistest.New()
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: "ann's token"})
	server.AddRepository(travistest.Repository{ID: 17, Slug: "ann/web", Active: true})
	if err := server.Listen(); err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	for _, token := range []string{"ann's token", "another token"} {
		request, err := http.NewRequest(http.MethodGet, server.URL+"/repo/ann%2Fweb/env_vars", nil)
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Travis-API-Version", "3")
		request.Header.Set("Authorization", "token "+token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.StatusCode, answer.Header.Get("Content-Type"), len(body) > 0)
	}
	fmt.Println(len(server.EnvVars("ann/web")), "variables,", len(server.Writes()), "writes")
	// Output:
	// 200 application/json true
	// 403 text/plain true
	// 0 variables, 0 writes
}
