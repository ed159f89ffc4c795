package cfntest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ecsService is a service that runs tasks.
type ecsService struct {
	arn, cluster, name string
	tasks              int
	deployments        []*deployment // newest first
	events             []any         // newest first
	where              place
}

// deployment is one way to run a service's tasks, which takes the place of the
// one before, task by task.
type deployment struct {
	id      string
	task    *taskDefinition
	running int
	rollout string
	created time.Time
	done    func() // when no older one is left, or nil
}

// addService adds a service whose tasks run. The caller holds s.mu.
func (s *Server) addService(where place, cluster, arn string, tasks int, task *taskDefinition) {
	s.services[where] = append(s.services[where], &ecsService{
		arn: arn, cluster: cluster, name: arn[strings.LastIndex(arn, "/")+1:], tasks: tasks, where: where,
		deployments: []*deployment{{id: newDeployment(), task: task, running: tasks, rollout: "COMPLETED", created: time.Now()}},
	})
}

func newDeployment() string { return "ecs-svc/" + random(10) }

// service returns the service of a name or ARN in a cluster, given by its name
// or ARN, or nil. The caller holds s.mu.
func (s *Server) service(where place, cluster, nameOrARN string) *ecsService {
	cluster = cluster[strings.LastIndex(cluster, "/")+1:]
	at := slices.IndexFunc(s.services[where], func(one *ecsService) bool {
		return one.cluster == cluster && (one.name == nameOrARN || one.arn == nameOrARN)
	})
	if at < 0 {
		return nil
	}
	return s.services[where][at]
}

// deploy replaces all tasks of a service, one by one, and calls done when no old one is
// left. The caller holds s.mu.
func (s *Server) deploy(one *ecsService, task *taskDefinition, done func()) {
	d := &deployment{id: newDeployment(), task: task, rollout: "IN_PROGRESS", created: time.Now(), done: done}
	one.deployments = append([]*deployment{d}, one.deployments...)
	s.startTask(one, d, 0)
}

// startTask replaces a task, unless another deployment has started.
func (s *Server) startTask(one *ecsService, d *deployment, index int) {
	s.after(s.pace.Task, func() {
		if one.deployments[0] != d {
			return
		}
		if why := s.trouble(one.where.region).unplaced; why != "" {
			one.say("was unable to place a task because " + why)
			return
		}
		if index < one.tasks {
			one.say("has started 1 tasks: (task " + random(16) + ").")
			d.running++
			for _, older := range one.deployments[1:] {
				if older.running > 0 {
					older.running--
					break
				}
			}
			s.tellReplaced(one.name, index, s.environmentOf(one.where, d.task))
		}
		if index+1 < one.tasks {
			s.startTask(one, d, index+1)
			return
		}
		var waiting []func()
		for _, each := range one.deployments {
			if each.done != nil {
				waiting = append(waiting, each.done)
			}
		}
		d.rollout, d.done = "COMPLETED", nil
		one.deployments = []*deployment{d}
		one.say("has reached a steady state.")
		for _, done := range waiting {
			done()
		}
	})
}

// say records an event. ECS keeps the newest 100
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html).
func (one *ecsService) say(words string) {
	event := map[string]any{
		"id": uuid(), "createdAt": float64(time.Now().UnixMilli()) / 1000, "message": "(service " + one.name + ") " + words,
	}
	one.events = append([]any{event}, one.events[:min(len(one.events), 99)]...)
}

func updateService(s *Server, c call) (any, *failure) {
	var request struct {
		Cluster            string `json:"cluster"`
		Service            string `json:"service"`
		ForceNewDeployment bool   `json:"forceNewDeployment"`
	}
	if failed := c.decode(&request); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.service(c.place(), request.Cluster, request.Service)
	if one == nil {
		return nil, refusal(http.StatusBadRequest, "ServiceNotFoundException", "Service not found.")
	}
	if !s.trouble(c.region).idle && request.ForceNewDeployment {
		s.deploy(one, one.deployments[0].task, nil)
	}
	return map[string]any{"service": one.described()}, nil
}

func describeServices(s *Server, c call) (any, *failure) {
	var request struct {
		Cluster  string   `json:"cluster"`
		Services []string `json:"services"`
	}
	if failed := c.decode(&request); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	services, failures := []any{}, []any{}
	for _, name := range request.Services {
		if one := s.service(c.place(), request.Cluster, name); one != nil {
			services = append(services, one.described())
			continue
		}
		failures = append(failures, map[string]string{"arn": name, "reason": "MISSING"})
	}
	return map[string]any{"services": services, "failures": failures}, nil
}

func (one *ecsService) described() map[string]any {
	deployments, running := []any{}, 0
	for i, d := range one.deployments {
		status, desired := "PRIMARY", one.tasks
		if i > 0 {
			status, desired = "ACTIVE", d.running
		}
		running += d.running
		deployments = append(deployments, map[string]any{
			"id": d.id, "status": status, "taskDefinition": d.task.arn, "desiredCount": desired, "runningCount": d.running, "pendingCount": max(desired-d.running, 0),
			"rolloutState": d.rollout, "rolloutStateReason": "ECS deployment " + d.id + " " + strings.ToLower(strings.ReplaceAll(d.rollout, "_", " ")) + ".",
			"createdAt": float64(d.created.UnixMilli()) / 1000,
		})
	}
	return map[string]any{
		"serviceArn": one.arn, "serviceName": one.name, "clusterArn": "arn:" + partition(one.where.region) + ":ecs:" + one.where.region + ":" + one.where.account + ":cluster/" + one.cluster,
		"status": "ACTIVE", "desiredCount": one.tasks, "runningCount": running, "pendingCount": max(one.tasks-running, 0),
		"taskDefinition": one.deployments[0].task.arn, "deployments": deployments, "events": append([]any{}, one.events...), "launchType": "EC2",
	}
}

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
