package cfn

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// Deployment is a restart of the web service's tasks
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html).
type Deployment struct {
	ID               string
	Running, Desired int       // tasks
	Created          time.Time // by the clock of AWS
	// Completed means that all its tasks are running, and none of an older one is.
	Completed bool
	Failed    bool // ECS gave up
	// Event is ECS's newest event of the service since the deployment started, in one
	// short line, such as "was unable to place a task because …". It is "" once
	// Completed.
	Event string
}

type webService struct{ cluster, name string }

// Restart replaces the tasks of a Rack's web service, one by one, and returns when
// ECS has started; Deployment follows it. Tasks read the password when they start. It
// is sent once; if the outcome is unknown, it is looked up.
//
// The errors are those of Search, CodeMissing if the stack has no web service, and
// CodeUnknown if ECS couldn't say whether it has started, or shows no new deployment.
func (f *Finder) Restart(stop transport.Stop, rack Rack) (Deployment, error) {
	const what = "restart the web service"
	call, cancel := stop.Call()
	defer cancel()
	ctx := call.Hard
	service, err := f.webService(ctx, what, rack)
	if err != nil {
		return Deployment{}, err
	}
	before, err := f.newestDeployment(ctx, what, rack, service)
	if err != nil {
		return Deployment{}, err
	}
	f.onWrite()
	answer, err := callAWS(ctx, f, what, rack, ecs.NewFromConfig(f.writesIn(rack.Region)).UpdateService,
		&ecs.UpdateServiceInput{Cluster: &service.cluster, Service: &service.name, ForceNewDeployment: true})
	if err == nil && answer.Service != nil {
		if begun := f.readNewest(*answer.Service); begun.ID != "" && begun.ID != before.ID {
			return begun, nil
		}
	}
	if DidNothing(err) {
		return Deployment{}, err
	}
	return f.lookUpRestart(stop, rack, service, before.ID, err)
}

func (f *Finder) lookUpRestart(stop transport.Stop, rack Rack, service webService, before string, failed error) (Deployment, error) {
	const what = "restart the web service"
	limited, cancel := context.WithTimeout(stop.Hard, cleanUpTimeout)
	defer cancel()
	newest, err := f.newestDeployment(limited, what, rack, service)
	why := "ECS accepted it, but shows no new deployment"
	switch {
	case err != nil:
		why = "the answer was lost, and it isn't known whether it has started"
	case newest.ID != before:
		return newest, nil
	case failed != nil:
		return Deployment{}, failed
	}
	return Deployment{}, &problem.Error{
		Code: CodeUnknown, Action: ofRack(what, rack), Reason: why, Cause: failed,
		Hints: []string{"restart it again: that's safe"},
	}
}

// Deployment reads the newest deployment of a Rack's web service. The errors are those of
// Search, and CodeMissing if the stack has no web service.
func (f *Finder) Deployment(ctx context.Context, rack Rack) (Deployment, error) {
	const what = "follow the restart"
	service, err := f.webService(ctx, what, rack)
	if err != nil {
		return Deployment{}, err
	}
	return f.newestDeployment(ctx, what, rack, service)
}

// webService finds the service in the stack. Services from before 2021 have an ID
// without the cluster
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids).
func (f *Finder) webService(ctx context.Context, what string, rack Rack) (webService, error) {
	id, err := f.physicalID(ctx, what, rack, "ServiceWebApi", "ApiWebService")
	if err != nil {
		return webService{}, err
	}
	return f.service(ctx, what, rack, id)
}

// service parses the ID of a service in the stack.
func (f *Finder) service(ctx context.Context, what string, rack Rack, id string) (webService, error) {
	path := strings.Split(id[strings.LastIndex(id, ":")+1:], "/")
	service := webService{name: path[len(path)-1]}
	if len(path) == 3 {
		service.cluster = path[1]
		return service, nil
	}
	described, err := f.describe(ctx, what, rack)
	if err != nil {
		return webService{}, err
	}
	service.cluster = readStack(rack.Region, described).outputs["Cluster"]
	if service.cluster == "" {
		return webService{}, newError(CodeMissing, ofRack(what, rack), "its stack has no output Cluster")
	}
	return service, nil
}

func (f *Finder) newestDeployment(ctx context.Context, what string, rack Rack, service webService) (Deployment, error) {
	described, err := f.describeService(ctx, what, rack, service)
	if err != nil {
		return Deployment{}, err
	}
	newest := f.readNewest(described)
	if newest.ID == "" {
		return Deployment{}, newError(CodeMissing, ofRack(what, rack), "its web service has no deployment")
	}
	return newest, nil
}

func (f *Finder) describeService(ctx context.Context, what string, rack Rack, service webService) (types.Service, error) {
	answer, err := callAWS(ctx, f, what, rack, ecs.NewFromConfig(f.in(rack.Region)).DescribeServices,
		&ecs.DescribeServicesInput{Cluster: &service.cluster, Services: []string{service.name}})
	if err != nil {
		return types.Service{}, err
	}
	if len(answer.Services) == 0 {
		return types.Service{}, newError(CodeMissing, ofRack(what, rack), "ECS has no service "+abbreviate(service.name))
	}
	return answer.Services[0], nil
}

// newestServiceEvent is the newest event of a service after since, in one short line,
// and its time. ECS lists the newest first
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html).
func (f *Finder) newestServiceEvent(events []types.ServiceEvent, since time.Time) (string, time.Time) {
	if len(events) == 0 || aws.ToTime(events[0].CreatedAt).Before(since) {
		return "", time.Time{}
	}
	words := aws.ToString(events[0].Message)
	if _, rest, found := strings.Cut(words, ") "); found && strings.HasPrefix(words, "(service ") {
		words = rest
	}
	words, _, _ = strings.Cut(words, " For more information")
	return strings.TrimSuffix(f.cleanReason(words), "."), aws.ToTime(events[0].CreatedAt)
}

func (f *Finder) readNewest(service types.Service) Deployment {
	at := slices.IndexFunc(service.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Status) == "PRIMARY" })
	if at < 0 {
		return Deployment{}
	}
	d := service.Deployments[at]
	read := Deployment{
		ID:      truncate(aws.ToString(d.Id)),
		Running: int(d.RunningCount), Desired: int(d.DesiredCount), Created: aws.ToTime(d.CreatedAt),
		Failed: d.RolloutState == types.DeploymentRolloutStateFailed,
	}
	hasEnded := d.RolloutState == types.DeploymentRolloutStateCompleted || d.RolloutState == ""
	read.Completed = hasEnded && d.RunningCount == d.DesiredCount && d.PendingCount == 0 && len(service.Deployments) == 1
	if !read.Completed {
		read.Event, _ = f.newestServiceEvent(service.Events, read.Created)
	}
	return read
}
