package cfntest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
	"convox-travis/internal/transport"
)

// object is an answer in JSON.
type object struct {
	status int
	fields map[string]any
}

// json asks ECS or SSM.
func (c *client) json(service, target, body string) object {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.server.URL+"/", strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	c.sign(r, service, body, time.Now())
	answer, err := transport.NewClient(nil, nil).Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer answer.Body.Close()
	got := object{status: answer.StatusCode}
	if err := json.NewDecoder(answer.Body).Decode(&got.fields); err != nil || answer.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		c.Fatalf("%v, %s", err, answer.Header.Get("Content-Type"))
	}
	return got
}

// at walks down: names of fields, numbers of elements.
func (o object) at(path ...string) any {
	var here any = o.fields
	for _, step := range path {
		switch value := here.(type) {
		case map[string]any:
			here = value[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(value) {
				return nil
			}
			here = value[i]
		}
	}
	return here
}

func (c *client) wantJSONError(got object, code string) {
	c.Helper()
	if got.status != http.StatusBadRequest || got.at("__type") != code {
		c.Errorf("%d %v, not %s", got.status, got.fields, code)
	}
}

const (
	ecsTarget    = "AmazonEC2ContainerServiceV20141113."
	oldPassword  = "old"
	newPassword  = "new"
	defaultImage = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"
)

// newRack is a client of a server with a Rack.
func newRack(t *testing.T, change ...func(*cfntest.Rack)) (*client, cfntest.AddedRack) {
	t.Helper()
	c := newClient(t)
	rack := cfntest.Rack{Region: c.region, Name: "rack", Host: "rack.example.com", Version: "2024", Password: oldPassword}
	for _, f := range change {
		f(&rack)
	}
	return c, c.server.AddRack(rack)
}

// update names every parameter of the Rack and changes some, given as KEY,
// VALUE, ….
func (c *client) update(changed ...string) []string {
	form := []string{"StackName", "rack", "UsePreviousTemplate", "true", "Capabilities.member.1", "CAPABILITY_IAM"}
	number := 0
	add := func(key, field, value string) {
		number++
		at := "Parameters.member." + strconv.Itoa(number) + "."
		form = append(form, at+"ParameterKey", key, at+field, value)
	}
	values := c.server.ParametersOf(c.region, "rack")
	for i := 0; i < len(changed); i += 2 {
		add(changed[i], "ParameterValue", changed[i+1])
		delete(values, changed[i])
	}
	for key := range values {
		add(key, "UsePreviousValue", "true")
	}
	return form
}
