package cfntest

import "strings"

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
