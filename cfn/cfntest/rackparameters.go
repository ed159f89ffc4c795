package cfntest

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
