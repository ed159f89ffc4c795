package cfntest

import "slices"

// declared are the parameters of a Rack's template: about 110, of the same kinds
// as in a real one.
func (r Rack) declared() []Parameter {
	all := []Parameter{
		{Key: passwordKey, Required: true, NoEcho: r.Template != Template2016, MinLength: 1, MaxLength: 50},
		{Key: "Version", Required: true, MinLength: 1},
		{Key: "DockerHubPassword", NoEcho: true},
		{Key: "SyslogToken", NoEcho: true},
		{Key: "ApiRouter", Default: "ELB", Allowed: []string{"ALB", "ELB"}},
		{Key: "HighAvailability", Default: "true", Allowed: []string{"true", "false"}},
		{Key: "ImagePullBehavior", Default: "default", Allowed: []string{"default", "always", "once", "prefer-cached"}},
		{Key: "IMDSHttpTokens", Default: "optional", Allowed: []string{"optional", "required"}},
		{Key: "MaxAvailabilityZones", Type: "Number", Default: "3", Allowed: []string{"2", "3"}},
		{Key: "RouterMitigationMode", Default: "defensive", Allowed: []string{"defensive", "monitor", "strictest"}},
		{Key: "Tenancy", Default: "default", Allowed: []string{"default", "dedicated"}},
		{Key: "InternalSuffix", Default: "-rti"},
		{Key: "InstanceType", Default: "t3.small"},
		{Key: "BuildInstance", Default: "t3.small"},
		{Key: "LogRetention", Default: "7"},
	}
	if r.Template != Template2016 {
		const image = "/aws/service/ecs/optimized-ami/amazon-linux-2/"
		all = append(all,
			Parameter{Key: "DefaultAmi", Type: fromStore + "AWS::EC2::Image::Id>", Default: image + "recommended/image_id"},
			Parameter{Key: "DefaultAmiArm", Type: fromStore + "AWS::EC2::Image::Id>", Default: image + "arm64/recommended/image_id"},
		)
	}
	return slices.Concat(all, switches(), numbers(), ranges(), texts())
}

const passwordKey = "Password"

func switches() []Parameter {
	on := []string{"Autoscale", "Encryption", "EcsContainerStopNotice", "RouterDropInvalidHeaders"}
	off := []string{
		"Development", "DisableImageManifestCache", "EcrScanOnPush", "EncryptEbs", "EnableContainerReadonlyRootFilesystem", "EnableSharedEfs",
		"Internal", "InternalOnly", "LbDeletionProtection", "LogDriverSyslog", "MaintainTimerState", "PrivateApi", "Private", "PrivateBuild",
		"PlaceLambdaInVpc", "ProcessTagsAll", "RouterAccessLogs", "RouterInternalAccessLogs", "SpotFleetEnabled", "TagResources",
	}
	var all []Parameter
	for _, key := range on {
		all = append(all, Parameter{Key: key, Default: "Yes", Allowed: []string{"Yes", "No"}})
	}
	for _, key := range off {
		all = append(all, Parameter{Key: key, Default: "No", Allowed: []string{"Yes", "No"}})
	}
	return all
}

func numbers() []Parameter {
	var all []Parameter
	for _, n := range []struct{ key, value string }{
		{"ApiCount", "2"}, {"ApiCpu", "128"}, {"ApiMonitorMemory", "128"}, {"ApiWebMemory", "256"}, {"AutoscaleExtra", "1"},
		{"BuildCpu", "256"}, {"BuildMemory", "1000"}, {"BuildVolumeSize", "100"}, {"CronMemory", "128"}, {"EcsPollInterval", "1"},
		{"InstanceCount", "3"}, {"InstanceUpdateBatchSize", "1"}, {"LoadBalancerIdleTimeout", "3600"}, {"LogLambdaMemory", "128"},
		{"NoHaInstanceCount", "1"}, {"OnDemandMinCount", "3"}, {"SpotFleetTargetCapacity", "0"}, {"SpotFleetMinMemoryMiB", "4096"},
		{"SpotFleetMinOnDemand", "2"}, {"SwapSize", "5"}, {"VolumeSize", "50"},
	} {
		all = append(all, Parameter{Key: n.key, Type: "Number", Default: n.value})
	}
	return all
}

func ranges() []Parameter {
	var all []Parameter
	for _, r := range []struct{ key, value string }{
		{"VPCCIDR", "10.0.0.0/16"}, {"Subnet0CIDR", "10.0.1.0/24"}, {"Subnet1CIDR", "10.0.2.0/24"}, {"Subnet2CIDR", "10.0.3.0/24"},
		{"SubnetPrivate0CIDR", "10.0.4.0/24"}, {"SubnetPrivate1CIDR", "10.0.5.0/24"}, {"SubnetPrivate2CIDR", "10.0.6.0/24"},
	} {
		all = append(all, Parameter{Key: r.key, Default: r.value})
	}
	for _, key := range []string{"AvailabilityZones", "RouterInternalSecurityGroup", "RouterSecurityGroup", "WhiteList"} {
		all = append(all, Parameter{Key: key, Type: "CommaDelimitedList"})
	}
	return all
}

// texts are empty by default.
func texts() []Parameter {
	var all []Parameter
	for _, key := range []string{
		"Ami", "BuildImage", "BuildInstancePolicy", "BuildInstanceSecurityGroup", "ClientId", "CustomTags", "DockerHubUsername", "ExistingVpc",
		"ExtraBuildArguments", "FargateServices", "HttpProxy", "InstanceBootCommand", "InstancePolicy", "InstanceRunCommand",
		"InstanceSecurityGroup", "InternetGateway", "Key", "LogBucket", "PrivateApiSecurityGroup", "RouterCertificates", "ScheduleRackScaleDown",
		"ScheduleRackScaleUp", "SpotFleetAllowedInstanceTypes", "SpotFleetExcludedInstanceTypes", "SpotInstanceBid", "SslPolicy",
		"SyslogDestination", "SyslogFormat", "TaskTags", "VpcEndpointPolicy", "WebhookSigningKeyName", "ClusterPlacementTags", "InstanceProfileArn",
		"KernelArguments", "LogSubscriptionArn", "NatGatewayIds", "RegistryMirrors",
	} {
		all = append(all, Parameter{Key: key})
	}
	return all
}
