package convoxtest_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"convox-travis/internal/convox/convoxtest"
)

// status is what a client that keeps its connection gets for a password.
func status(t *testing.T, client *http.Client, url, password string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/auth", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("convox", password)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection is kept
	return response.StatusCode
}

func TestTasksTakeTurnsByConnection(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	for range 2 {
		rack.SetTasks("new", "old", "third") // the first is next again
		for i, password := range []string{"new", "old", "third", "new", "new"} {
			want := 200
			if i == 4 {
				want = 401 // that is the second's turn
			}
			if got, _ := ask(t, "GET", rack.URL+"/auth", password); got != want {
				t.Errorf("connection %d: %d", i, got)
			}
		}
	}
}

func TestAConnectionStaysWithItsTask(t *testing.T) {
	for name, transport := range map[string]*http.Transport{
		"HTTP/1.1": {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		"HTTP/2":   {TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true},
	} {
		rack := convoxtest.StartRack(t, "abc123")
		rack.SetTasks("new", "old")
		client := &http.Client{Transport: transport}
		for range 4 {
			if got := status(t, client, rack.URL, "new") + status(t, client, rack.URL, "old"); got != 200+401 {
				t.Errorf("%s: the first connection met another task", name)
			}
		}
		other, _ := ask(t, "GET", rack.URL+"/auth", "old")
		if again := status(t, client, rack.URL, "new"); other != 200 || again != 200 {
			t.Errorf("%s: %d for the second connection, %d for the first", name, other, again)
		}
		rack.SetTasks("new", "new") // the second is started anew
		if got := status(t, client, rack.URL, "old"); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
		client.CloseIdleConnections()
	}
}

func TestAllTasksGetANewPasswordTogether(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	rack.SetTasks("new", "old")
	rack.SetPassword("newest")
	for range 2 {
		if got, _ := ask(t, "GET", rack.URL+"/auth", "newest"); got != 200 {
			t.Errorf("%d", got)
		}
	}
}

func TestWithoutTasksALoadBalancerAnswers(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	rack.SetTasks()
	for _, path := range []string{"/auth", "/racks"} {
		if got, body := ask(t, "GET", rack.URL+path, "abc123"); got != 503 || !strings.Contains(body, "<html>") {
			t.Errorf("%s: %d %q", path, got, body)
		}
	}
	rack.SetTasks("abc123")
	if got, _ := ask(t, "GET", rack.URL+"/auth", "abc123"); got != 200 {
		t.Errorf("%d", got)
	}
}
