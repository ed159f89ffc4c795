package cfntest

import (
	"maps"
	"strings"
)

// RackTemplate is the template of a Rack, as far as its years differ
// (https://github.com/convox/rack, provider/aws/formation/rack.json).
type RackTemplate string

// The templates.
const (
	// Template2023: the web service reads the password from Parameter Store when
	// a task starts, and an update of the password does not restart it.
	Template2023 RackTemplate = ""
	// Template2022: the password is in the web service's task definition, so an
	// update restarts it.
	Template2022 RackTemplate = "2022"
	// Template2016: the same, with older names, services whose ARN is without the
	// cluster, and a password that reads back in clear.
	Template2016 RackTemplate = "2016"
)

// Rack is a Rack to add. Its stack has the parameters, resources and outputs of
// a real one, in kind and number.
type Rack struct {
	Region   string
	Name     string
	Host     string // the output Dashboard
	Version  string
	Password string
	Status   string // of the stack; "" is UPDATE_COMPLETE
	Template RackTemplate
	// Parameters are those that its owner has changed, beside the usual ones.
	Parameters map[string]string
}

// AddedRack names what belongs to a Rack that was added.
type AddedRack struct {
	StackID    string
	Cluster    string
	WebService string // for OnTaskReplaced
	Tasks      int    // of the web service
}

// AddRack adds a Rack. Each change is made to its stack before.
func (s *Server) AddRack(r Rack, change ...func(*Stack)) AddedRack {
	s.mu.Lock()
	account := s.account
	s.mu.Unlock()
	names := r.names(account)
	made := Stack{
		Region: r.Region, Name: r.Name, Status: r.Status, Description: "Convox Rack",
		Tags:         map[string]string{"System": "convox", "Type": "rack", "Name": r.Name},
		Parameters:   r.values(),
		Declared:     r.declared(),
		Capabilities: []string{"CAPABILITY_IAM"},
		Resources:    r.resources(names),
	}
	if made.Status == "" {
		made.Status = updateComplete
	}
	made.Outputs = r.outputs(names, made.Parameters)
	for _, c := range change {
		c(&made)
	}
	return AddedRack{StackID: s.AddStack(made), Cluster: names.cluster, WebService: names.web[strings.LastIndex(names.web, "/")+1:], Tasks: 2}
}

// values are those that owners usually change, so that tests notice a fallback to the
// template's defaults.
func (r Rack) values() map[string]string {
	values := map[string]string{
		"Password": r.Password, "Version": r.Version, "ApiCount": "2", "InstanceType": "m5.large", "InstanceCount": "5",
		"InstanceUpdateBatchSize": "2", "BuildInstance": "c5.xlarge", "BuildMemory": "4096", "VolumeSize": "200", "SwapSize": "16",
		"Autoscale": "No", "AutoscaleExtra": "2", "EncryptEbs": "Yes", "Internal": "Yes", "Key": "operations", "LogRetention": "90",
		"LoadBalancerIdleTimeout": "120", "VPCCIDR": "10.42.0.0/16", "Subnet0CIDR": "10.42.1.0/24", "Subnet1CIDR": "10.42.2.0/24",
		"Subnet2CIDR": "10.42.3.0/24", "IMDSHttpTokens": "required", "ImagePullBehavior": "prefer-cached", "ClientId": "3f6c2b1a",
		"ScheduleRackScaleDown": "0 20 * * 5", "ScheduleRackScaleUp": "0 6 * * 1", "AvailabilityZones": r.Region + "a," + r.Region + "b," + r.Region + "c",
		"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "HttpProxy": "", "DockerHubUsername": "acme", "DockerHubPassword": "set by its owner",
		"SyslogToken": "set by its owner too", "WhiteList": "",
	}
	maps.Copy(values, r.Parameters)
	return values
}

func (r Rack) outputs(names rackNames, values map[string]string) map[string]string {
	outputs := map[string]string{
		"Dashboard": r.Host, "Rack": r.Name, "Version": r.Version, "AwsRegion": r.Region, "Cluster": names.cluster, "BuildCluster": names.cluster,
		"Vpc": "vpc-0a1b2c3d4e5f60718", "LogGroup": r.Name + "-LogGroup-7G6F5E4D3C2B", "Fargate": "Yes",
	}
	for _, key := range []string{"Internal", "Private", "EcsPollInterval", "OnDemandMinCount"} {
		outputs[key] = values[key]
	}
	for _, key := range []string{"Subnet0", "Subnet1", "Subnet2", "InstancesSecurityGroup", "SettingsBucket", "LogBucket", "HostedZone", "NotificationTopic", "EncryptionKey"} {
		outputs[key] = r.Name + "-" + strings.ToLower(key)
	}
	if values["Development"] == "Yes" {
		outputs["Password"] = r.Password
	}
	return outputs
}

// rackNames are the IDs that AWS made for a Rack's resources.
type rackNames struct{ cluster, web, monitor string }

func (r Rack) names(account string) rackNames {
	cluster := r.Name + "-Cluster-1A2B3C4D5E6F7"
	path := cluster + "/"
	web, monitor := "ServiceWebApi", "ServiceMonitorApi"
	if r.Template == Template2016 {
		path, web, monitor = "", "ApiWebService", "ApiMonitorService"
	}
	arn := "arn:" + partition(r.Region) + ":ecs:" + r.Region + ":" + account + ":service/" + path + r.Name + "-"
	return rackNames{cluster: cluster, web: arn + web + "-8B7C6D5E4F3A", monitor: arn + monitor + "-3A4F5E6D7C8B"}
}

const passwordKey = "Password"

// declared are the parameters of a Rack's template that its owner usually changes, and more.
func (r Rack) declared() []Parameter {
	all := []Parameter{
		{Key: passwordKey, Required: true, NoEcho: r.Template != Template2016},
		{Key: "Version", Required: true},
		{Key: "DockerHubPassword", NoEcho: true},
		{Key: "SyslogToken", NoEcho: true},
	}
	if r.Template != Template2016 {
		const image = "/aws/service/ecs/optimized-ami/amazon-linux-2/"
		all = append(all,
			Parameter{Key: "DefaultAmi", Type: fromStore + "AWS::EC2::Image::Id>", Default: image + "recommended/image_id"},
			Parameter{Key: "DefaultAmiArm", Type: fromStore + "AWS::EC2::Image::Id>", Default: image + "arm64/recommended/image_id"},
		)
	}
	for key, value := range map[string]string{
		"HighAvailability": "true", "ImagePullBehavior": "default", "IMDSHttpTokens": "optional",
		"RouterMitigationMode": "defensive", "Tenancy": "default", "InstanceType": "t3.small", "BuildInstance": "t3.small",
		"LogRetention": "7",
		"ApiCount":     "2", "ApiCpu": "128", "ApiMonitorMemory": "128", "ApiWebMemory": "256", "AutoscaleExtra": "1",
		"BuildCpu": "256", "BuildMemory": "1000", "BuildVolumeSize": "100", "EcsPollInterval": "1", "InstanceCount": "3",
		"InstanceUpdateBatchSize": "1", "LoadBalancerIdleTimeout": "3600", "OnDemandMinCount": "3", "SwapSize": "5",
		"VolumeSize": "50", "VPCCIDR": "10.0.0.0/16", "Subnet0CIDR": "10.0.1.0/24", "Subnet1CIDR": "10.0.2.0/24",
		"Subnet2CIDR": "10.0.3.0/24", "Autoscale": "Yes", "Development": "No", "EncryptEbs": "No", "Internal": "No",
		"PrivateApi": "No", "Private": "No", "Ami": "", "ClientId": "", "DockerHubUsername": "", "HttpProxy": "", "Key": "",
		"LogBucket": "", "ScheduleRackScaleDown": "", "ScheduleRackScaleUp": "", "SslPolicy": "", "SyslogDestination": "",
		"AvailabilityZones": "", "RouterInternalSecurityGroup": "", "RouterSecurityGroup": "", "WhiteList": "",
	} {
		all = append(all, Parameter{Key: key, Default: value})
	}
	return all
}

// resources are those of a Rack's template that matter to a reset.
func (r Rack) resources(names rackNames) []Resource {
	all := r.surroundings()
	all = append(all, Resource{LogicalID: "Cluster", PhysicalID: names.cluster, Type: clusterType})
	all = append(all, r.instances()...)
	secret := r.Name + "RackApiSecret"
	if r.Template == Template2023 {
		all = append(all, Resource{LogicalID: "RackApiSecret", PhysicalID: secret, Type: ssmParameterType, Follows: []string{passwordKey}, Holds: passwordKey})
	}
	inClear := map[string]string{"PASSWORD": passwordKey, "HTTP_PROXY": "HttpProxy"}
	all = append(all, tasks("ApiMonitorTasks", inClear, nil, passwordKey, "Version", "ApiMonitorMemory", "HttpProxy"))
	if r.Template == Template2023 {
		fromStore := map[string]string{"PASSWORD": secret}
		all = append(all,
			tasks("ApiBuildTasks", map[string]string{"HTTP_PROXY": "HttpProxy"}, fromStore, "Version", "BuildCpu", "BuildMemory", "HttpProxy"),
			tasks("ApiWebTasks", map[string]string{"HTTP_PROXY": "HttpProxy"}, fromStore, "Version", "ApiCpu", "ApiWebMemory", "HttpProxy"))
	} else {
		all = append(all,
			tasks("ApiBuildTasks", inClear, nil, passwordKey, "Version", "BuildCpu", "BuildMemory", "HttpProxy"),
			tasks("ApiWebTasks", inClear, nil, passwordKey, "Version", "ApiCpu", "ApiWebMemory", "HttpProxy"))
	}
	monitor, web := "ServiceMonitorApi", "ServiceWebApi"
	if r.Template == Template2016 {
		monitor, web = "ApiMonitorService", "ApiWebService"
	}
	return append(all,
		Resource{LogicalID: monitor, PhysicalID: names.monitor, Type: serviceType, Follows: []string{"ApiMonitorTasks"}, Runs: "ApiMonitorTasks", Tasks: 1},
		Resource{LogicalID: web, PhysicalID: names.web, Type: serviceType, Follows: []string{"ApiWebTasks", "ApiCount"}, Runs: "ApiWebTasks", Tasks: 2},
	)
}

func tasks(logicalID string, environment, secrets map[string]string, follows ...string) Resource {
	return Resource{LogicalID: logicalID, Type: taskDefinitionType, Follows: follows, Replacement: "True", Environment: environment, Secrets: secrets}
}

// instances change with the machine image: the owner's, or AWS's newest.
func (r Rack) instances() []Resource {
	image := "DefaultAmi"
	if r.Template == Template2016 || r.Parameters["Ami"] != "" {
		image = "Ami"
	}
	const template, group = "AWS::EC2::LaunchTemplate", "AWS::AutoScaling::AutoScalingGroup"
	return []Resource{
		{LogicalID: "InstancesLaunchTemplate", PhysicalID: "lt-0a1b2c3d4e5f60718", Type: template, Follows: []string{image, "InstanceType", "Key", "VolumeSize", "SwapSize", "EncryptEbs", "IMDSHttpTokens", "ImagePullBehavior"}},
		{LogicalID: "BuildLaunchTemplate", PhysicalID: "lt-1a1b2c3d4e5f60718", Type: template, Follows: []string{image, "BuildInstance", "Key", "BuildVolumeSize", "EncryptEbs"}},
		{LogicalID: "Instances", PhysicalID: r.Name + "-Instances-9Z8Y7X6W5V4U", Type: group, Follows: []string{"InstancesLaunchTemplate", "InstanceCount", "InstanceUpdateBatchSize", "AvailabilityZones"}},
		{LogicalID: "BuildInstances", PhysicalID: r.Name + "-BuildInstances-4U5V6W7X8Y9Z", Type: group, Follows: []string{"BuildLaunchTemplate"}},
	}
}

// surroundings are the resources with other parameters, so that a change of one shows.
func (r Rack) surroundings() []Resource {
	var all []Resource
	add := func(kind, logicalID string, follows ...string) {
		all = append(all, Resource{LogicalID: logicalID, PhysicalID: r.Name + "-" + strings.ToLower(logicalID), Type: kind, Follows: follows, Replacement: "Conditional"})
	}
	add("AWS::EC2::VPC", "Vpc", "VPCCIDR", "Tenancy")
	for _, zone := range []string{"0", "1", "2"} {
		add("AWS::EC2::Subnet", "Subnet"+zone, "Subnet"+zone+"CIDR", "AvailabilityZones", "Vpc")
	}
	add("AWS::ElasticLoadBalancingV2::LoadBalancer", "Router", "LoadBalancerIdleTimeout", "RouterSecurityGroup", "RouterMitigationMode")
	add("AWS::ElasticLoadBalancingV2::LoadBalancer", "RouterInternal", "Internal", "RouterInternalSecurityGroup")
	add("AWS::ElasticLoadBalancingV2::Listener", "RouterListener443", "SslPolicy")
	add("AWS::Logs::LogGroup", "LogGroup", "LogRetention")
	add("AWS::AutoScaling::ScheduledAction", "InstancesScheduleRackScaleDown", "ScheduleRackScaleDown")
	add("AWS::AutoScaling::ScheduledAction", "InstancesScheduleRackScaleUp", "ScheduleRackScaleUp")
	add("AWS::Lambda::Function", "InstancesAutoscaler", "Autoscale", "AutoscaleExtra")
	add("AWS::SecretsManager::Secret", "DockerHubLogin", "DockerHubUsername", "DockerHubPassword")
	add("AWS::Lambda::Function", "LogSyslog", "SyslogDestination", "SyslogToken")
	return all
}
