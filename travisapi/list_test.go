package travisapi_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

func newTLSServer(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request arrived")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func many(n int) []travistest.Repository {
	all := make([]travistest.Repository, n)
	for i := range all {
		all[i] = travistest.Repository{ID: i + 1, Slug: fmt.Sprintf("acme/r%05d", i), Active: i%2 == 0, LastBuild: time.Unix(int64(n-i), 0)}
	}
	return all
}

func TestAllPagesAreListedInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 1234} {
		server, client := travis(t, many(n)...)
		pages, seen := 0, 0
		list, err := client.Repositories(t.Context(), travisapi.ListOptions{Page: func(page []travisapi.Repository) { pages++; seen += len(page) }})
		if err != nil || len(list) != n || seen != n || pages != max(1, (n+99)/100) {
			t.Fatalf("%d: %d listed, %d in %d pages, %v", n, len(list), seen, pages, err)
		}
		for i, r := range list {
			if r.ID != i+1 {
				t.Fatalf("%d: repository %d is at place %d", n, r.ID, i)
			}
		}
		if requests := len(server.Faults.Requests()); requests != pages {
			t.Errorf("%d: %d requests for %d pages", n, requests, pages)
		}
	}
}

func TestAListCanBeNarrowed(t *testing.T) {
	server, client := travis(t, append(many(10), travistest.Repository{ID: 99, Slug: "ann/own", Active: true}, travistest.Repository{ID: 100, Slug: "acme/lab", Provider: "gitlab"})...)
	for want, options := range map[int]travisapi.ListOptions{
		12: {}, 10: {Owner: "acme"}, 6: {Active: true}, 5: {Owner: "acme", Active: true}, 2: {Search: "own", Active: false}, 1: {Owner: "acme", Provider: travisapi.GitLab},
	} {
		list, err := client.Repositories(t.Context(), options)
		if want == 2 {
			want = 1
		}
		if err != nil || len(list) != want {
			t.Errorf("%+v: %d, %v", options, len(list), err)
		}
	}
	if server.Faults.MostTogether() > 8 {
		t.Errorf("%d reads at a time", server.Faults.MostTogether())
	}
}

func TestPagesAreReadSideBySide(t *testing.T) {
	server, client := travis(t, many(2000)...)
	server.Faults.SetLatency(20 * time.Millisecond)
	if _, err := client.Repositories(t.Context(), travisapi.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := server.Faults.MostTogether(); n < 2 || n > 8 {
		t.Errorf("%d reads at a time", n)
	}
}

func TestAPageThatFailsFailsTheList(t *testing.T) {
	server, client := travis(t, many(500)...)
	server.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Query, "offset=300") }})
	_, err := client.Repositories(t.Context(), travisapi.ListOptions{})
	if e := failed(t, err); e.Code != travisapi.CodeServer {
		t.Error(e)
	}
}

// A server may say nothing of pages, or count wrongly.
func TestPagesNeedNoCount(t *testing.T) {
	for name, pagination := range map[string]string{"none": `{}`, "too few": `{"count": 1, "is_last": false}`} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			var rows []string
			for i := range 100 {
				if id := asked*100 + i; id < 350 {
					rows = append(rows, fmt.Sprintf(`{"id":%d,"slug":"acme/r%d"}`, id, id))
				}
			}
			fmt.Fprintf(w, `{"repositories":[%s],"@pagination":%s}`, strings.Join(rows, ","), pagination)
		}))
		t.Cleanup(server.Close)
		list, err := newClient(t, server.URL, "t").Repositories(t.Context(), travisapi.ListOptions{})
		if err != nil || len(list) != 250 {
			t.Errorf("%s: %d listed, %v", name, len(list), err)
		}
	}
}
