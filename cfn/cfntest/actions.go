package cfntest

// action carries out a call and returns what its result element holds.
type action func(*Server, call) (any, *failure)

// service is one API: its version, its namespace, and what it can do. One with
// a target speaks JSON.
type service struct {
	version   string
	namespace string
	target    string
	actions   map[string]action
}

// actions is all that the server can do.
func actions() map[string]service {
	return map[string]service{
		"cloudformation": {
			version:   "2010-05-15",
			namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
			actions: map[string]action{
				"DescribeStacks":        describeStacks,
				"DescribeStackResource": describeStackResource,
				"DescribeStackEvents":   describeStackEvents,
				"CreateChangeSet":       createChangeSet,
				"DescribeChangeSet":     describeChangeSet,
				"DeleteChangeSet":       deleteChangeSet,
				"ExecuteChangeSet":      executeChangeSet,
			},
		},
		"ssm": {
			target:  "AmazonSSM",
			actions: map[string]action{"GetParameter": getParameter},
		},
		"ecs": {
			target: "AmazonEC2ContainerServiceV20141113",
			actions: map[string]action{
				"DescribeTaskDefinition": describeTaskDefinition,
				"DescribeServices":       describeServices,
				"UpdateService":          updateService,
			},
		},
		"sts": {
			version:   "2011-06-15",
			namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
			actions: map[string]action{
				"GetCallerIdentity": getCallerIdentity,
				"AssumeRole":        assumeRole,
			},
		},
	}
}
