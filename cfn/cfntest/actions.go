package cfntest

// action carries out a call and returns what its result element holds.
type action func(*Server, call) (any, *failure)

// service is one API: its version, its namespace, and what it can do.
type service struct {
	version   string
	namespace string
	actions   map[string]action
}

// actions is all that the server can do.
func actions() map[string]service {
	return map[string]service{
		"cloudformation": {
			version:   "2010-05-15",
			namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
			actions: map[string]action{
				"DescribeStacks":         describeStacks,
				"ListStacks":             listStacks,
				"DescribeStackResources": describeStackResources,
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
