package cfntest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// taskDefinition is a revision of a task definition.
type taskDefinition struct {
	arn, family string
	revision    int
	environment map[string]string
	secrets     map[string]string // variable to name in Parameter Store
}

// register makes the next revision of a family. The caller holds s.mu.
func (s *Server) register(where place, family string, environment, secrets map[string]string) *taskDefinition {
	if s.tasks[where] == nil {
		s.tasks[where] = make(map[string]*taskDefinition)
	}
	d := &taskDefinition{family: family, revision: 1, environment: environment, secrets: secrets}
	for _, other := range s.tasks[where] {
		if other.family == family {
			d.revision = max(d.revision, other.revision+1)
		}
	}
	d.arn = "arn:" + partition(where.region) + ":ecs:" + where.region + ":" + where.account + ":task-definition/" + family + ":" + strconv.Itoa(d.revision)
	s.tasks[where][d.arn] = d
	return d
}

// environmentOf is what a task starts with now. The caller holds s.mu.
func (s *Server) environmentOf(where place, d *taskDefinition) map[string]string {
	environment := maps.Clone(d.environment)
	for variable, name := range d.secrets {
		environment[variable], _ = s.fetch(where, name)
	}
	return environment
}

func describeTaskDefinition(s *Server, c call) (any, *failure) {
	var request struct {
		TaskDefinition string `json:"taskDefinition"`
	}
	if failed := c.decode(&request); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.tasks[c.place()][request.TaskDefinition]
	if d == nil {
		return nil, refusal(http.StatusBadRequest, "ClientException", "Unable to describe task definition.")
	}
	type pair = map[string]string
	environment, secrets := []pair{}, []pair{}
	for _, name := range slices.Sorted(maps.Keys(d.environment)) {
		environment = append(environment, pair{"name": name, "value": d.environment[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(d.secrets)) {
		secrets = append(secrets, pair{"name": name, "valueFrom": d.secrets[name]})
	}
	_, name, _ := strings.Cut(d.family, "-")
	return map[string]any{"taskDefinition": map[string]any{
		"taskDefinitionArn": d.arn, "family": d.family, "revision": d.revision, "status": "ACTIVE", "compatibilities": []string{"EC2"},
		"containerDefinitions": []any{map[string]any{
			"name": name, "image": "convox/rack", "essential": true, "environment": environment, "secrets": secrets,
		}},
	}}, nil
}
