package cfn

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// Source is a place in AWS where a Rack's password can be read with permission.
type Source string

// The sources, in the order of Recover.
const (
	FromTaskDefinition Source = "task_definition" // of the Rack's monitor, in each Rack since 2016
	FromParameterStore Source = "parameter_store" // in Racks since March 2023 (https://github.com/convox/rack/pull/3654)
	FromParameter      Source = "parameter"       // of the stack, in Racks before August 2016 (https://github.com/convox/rack/issues/425)
	FromOutput         Source = "output"          // of the stack, in Racks with Development=Yes
)

// SourceInfo describes what Recover reads.
type SourceInfo struct {
	Source     Source
	Reads      string // completes "reads …"
	Permission string // the IAM action, such as "ecs:DescribeTaskDefinition"
}

// Sources lists what Recover reads, in its order.
func Sources() []SourceInfo {
	return []SourceInfo{
		{FromTaskDefinition, "the environment variable PASSWORD in the task definition of the Rack's monitor (ApiMonitorTasks)", "ecs:DescribeTaskDefinition"},
		{FromParameterStore, "the parameter RackApiSecret of the Rack in SSM Parameter Store", "ssm:GetParameter"},
		{FromParameter, "the stack's parameter Password, which old Racks show in plain text", "cloudformation:DescribeStacks"},
		{FromOutput, "the stack's output Password, which development Racks have", "cloudformation:DescribeStacks"},
	}
}

// Recovered is a password read from AWS, not checked.
type Recovered struct {
	Password secret.String
	From     Source
}

// Recover reads the password of a Rack from the first source that has it. onFailure
// gets each source that doesn't, with the reason; it may be nil. If no source has the
// password, the error is CodeDenied if a permission is missing, which it names,
// otherwise CodeNoPassword. Other errors are those of Search.
func (f *Finder) Recover(ctx context.Context, rack Rack, onFailure func(Source, error)) (Recovered, error) {
	var failed []*problem.Error
	for _, source := range Sources() {
		password, err := f.recoverFrom(ctx, source.Source, rack)
		if err == nil {
			return Recovered{Password: password, From: source.Source}, nil
		}
		if ctx.Err() != nil {
			return Recovered{}, context.Cause(ctx)
		}
		e := asError(err)
		if e == nil || isCredentialError(e) || e.Code == CodeName || e.Code == CodeRegion {
			return Recovered{}, err
		}
		if onFailure != nil {
			onFailure(source.Source, e)
		}
		failed = append(failed, e)
	}
	return Recovered{}, recoveryError(rack, failed)
}

func recoveryError(rack Rack, failed []*problem.Error) error {
	what := ofRack("recover the password", rack)
	nowhere := noPasswordError("recover the password", rack, "AWS shows it nowhere")
	if e := joinDenials(failed); e != nil {
		e.Cause = nowhere
		return withAction(what, e)
	}
	for _, e := range failed {
		if e.Code != CodeMissing && e.Code != CodeNoPassword {
			return withAction(what, e)
		}
	}
	if last := failed[len(failed)-1]; last.Code == CodeMissing {
		return withAction(what, last) // the stack itself doesn't exist
	}
	return nowhere
}

// joinDenials combines all denials into one error, or returns nil.
func joinDenials(failed []*problem.Error) *problem.Error {
	var missing []Permission
	var actions, reasons, hints []string
	source := ""
	for _, e := range failed {
		source = cmp.Or(source, detailOf(e).source)
		for _, p := range detailOf(e).Missing {
			if !slices.Contains(missing, p) {
				missing, actions = append(missing, p), append(actions, p.Action)
			}
		}
		if detailOf(e).barred && !slices.Contains(reasons, e.Reason) {
			reasons, hints = append(reasons, e.Reason), append(hints, e.Hints...)
		}
	}
	all := deniedError(missing...)
	if len(missing) > 0 {
		reasons = append([]string{all.Reason + " to " + strings.Join(actions, " and ")}, reasons...)
	}
	if len(reasons) == 0 {
		return nil
	}
	all.Detail = Detail{Missing: missing, source: source}
	all.Reason, all.Hints = strings.Join(reasons, "; "), append(all.Hints, hints...)
	return all
}

func (f *Finder) recoverFrom(ctx context.Context, source Source, rack Rack) (secret.String, error) {
	switch source {
	case FromTaskDefinition:
		return f.fromTaskDefinition(ctx, rack)
	case FromParameterStore:
		return f.fromParameterStore(ctx, rack)
	}
	described, err := f.describe(ctx, "read the stack", rack)
	if err != nil {
		return secret.String{}, err
	}
	read := readStack(rack.Region, described)
	value, what, why := read.parameters[passwordKey], "read the stack's parameters", "the password is hidden there"
	if source == FromOutput {
		value, what, why = read.outputs[passwordKey], "read the stack's outputs", "it isn't a development Rack"
	}
	if value == "" || value == hidden {
		return secret.String{}, noPasswordError(what, rack, why)
	}
	return secret.New(value), nil
}

func (f *Finder) fromTaskDefinition(ctx context.Context, rack Rack) (secret.String, error) {
	const what = "read the monitor's task definition"
	id, err := f.physicalID(ctx, what, rack, "ApiMonitorTasks")
	if err != nil {
		return secret.String{}, err
	}
	answer, err := callAWS(ctx, f, what, rack, ecs.NewFromConfig(f.in(rack.Region)).DescribeTaskDefinition, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &id})
	if err != nil {
		return secret.String{}, err
	}
	if answer.TaskDefinition != nil {
		for _, container := range answer.TaskDefinition.ContainerDefinitions {
			for _, variable := range container.Environment {
				if aws.ToString(variable.Name) == "PASSWORD" && aws.ToString(variable.Value) != "" {
					return secret.New(*variable.Value), nil
				}
			}
		}
	}
	return secret.String{}, noPasswordError(what, rack, "it has no variable PASSWORD")
}

func secretName(rack Rack) string { return rack.Name + "RackApiSecret" }

func (f *Finder) fromParameterStore(ctx context.Context, rack Rack) (secret.String, error) {
	const what = "read Parameter Store"
	name := secretName(rack)
	answer, err := callAWS(ctx, f, what, rack, ssm.NewFromConfig(f.in(rack.Region)).GetParameter,
		&ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return secret.String{}, err
	}
	if answer.Parameter == nil || answer.Parameter.Type == ssmtypes.ParameterTypeStringList || aws.ToString(answer.Parameter.Value) == "" {
		return secret.String{}, noPasswordError(what, rack, "it has no such text")
	}
	return secret.New(*answer.Parameter.Value), nil
}

const hidden = "****"

func noPasswordError(what string, rack Rack, why string) *problem.Error {
	return &problem.Error{Code: CodeNoPassword, Action: ofRack(what, rack), Reason: why, Detail: Detail{Rack: rack}}
}
