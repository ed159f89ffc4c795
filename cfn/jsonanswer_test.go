package cfn_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"convox-travis/cfn"
)

// answering puts a server before the small AWS that gives its own answer to one
// action of ECS or SSM.
func (w *rackWorld) answering(action, body string) {
	w.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+action) {
			w.aws.Handler().ServeHTTP(answer, r)
			return
		}
		answer.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = answer.Write([]byte(body))
	}))
	w.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
}

func TestAnAnswerWithoutAnObjectIsNotAnEmptyOne(t *testing.T) {
	for _, body := range []string{"", " ", "null", "[]", `""`, "{", `{"taskDefinition":`} {
		w := newRackWorld(t)
		w.answering("DescribeTaskDefinition", body)
		var first error
		if _, err := w.finder().Recover(t.Context(), w.rack, func(_ cfn.Source, err error) { first = err }); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.failed(first), cfn.CodeUnreadable)
	}
}

func TestARestartHasEndedOnlyWhenNoOldTaskIsLeft(t *testing.T) {
	const newest = `{"id": "new", "status": "PRIMARY", "desiredCount": 2, "runningCount": 2, "pendingCount": 0`
	for body, want := range map[string]cfn.Deployment{
		newest + `, "rolloutState": "COMPLETED"}`: {ID: "new", Running: 2, Desired: 2, Completed: true},
		newest + `}`: {ID: "new", Running: 2, Desired: 2, Completed: true},
		newest + `, "rolloutState": "IN_PROGRESS"}`: {ID: "new", Running: 2, Desired: 2},
		newest + `, "rolloutState": "COMPLETED"}, {"id": "old", "status": "ACTIVE", "desiredCount": 0, "runningCount": 1}`:         {ID: "new", Running: 2, Desired: 2},
		newest + `, "rolloutState": "FAILED", "rolloutStateReason": "tasks failed\nto start"}`:                                     {ID: "new", Running: 2, Desired: 2, Failed: true},
		`{"id": "new", "status": "PRIMARY", "desiredCount": 2, "runningCount": 1, "pendingCount": 1, "rolloutState": "COMPLETED"}`: {ID: "new", Running: 1, Desired: 2},
	} {
		w := newRackWorld(t)
		w.answering("DescribeServices", `{"services": [{"deployments": [`+body+`]}]}`)
		if got, err := w.finder().Deployment(t.Context(), w.rack); err != nil || got != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	w := newRackWorld(t)
	w.answering("DescribeServices", `{"services": [], "failures": [{"reason": "MISSING"}]}`)
	_, err := w.finder().Deployment(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeMissing)
}
