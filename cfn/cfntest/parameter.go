package cfntest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Parameter is what a template says of a parameter.
type Parameter struct {
	Key  string
	Type string // "" is String
	// Default is its value where an update does not name it; a Required one has
	// none.
	Default  string
	Required bool
	NoEcho   bool
}

// fromStore is the start of the types whose value is the name of a parameter in
// Parameter Store, which is read again at every update
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html).
const fromStore = "AWS::SSM::Parameter::Value<"

func (p Parameter) isFromStore() bool { return strings.HasPrefix(p.Type, fromStore) }

// declared returns the parameters of a stack's template, by key.
func (one *stack) declared() []Parameter {
	all := slices.Clone(one.Declared)
	for key := range one.Parameters {
		if !slices.ContainsFunc(all, func(p Parameter) bool { return p.Key == key }) {
			all = append(all, Parameter{Key: key, Required: true, NoEcho: slices.Contains(one.NoEcho, key)})
		}
	}
	slices.SortFunc(all, func(a, b Parameter) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// shown lists values as CloudFormation shows them.
func (one *stack) shown(values, resolved map[string]string) []parameterMember {
	hidden := make(map[string]bool)
	for _, p := range one.declared() {
		hidden[p.Key] = p.NoEcho || slices.Contains(one.NoEcho, p.Key)
	}
	var members []parameterMember
	for _, key := range slices.Sorted(maps.Keys(values)) {
		m := parameterMember{ParameterKey: key, ParameterValue: values[key], ResolvedValue: resolved[key]}
		if hidden[key] {
			m.ParameterValue = "****"
		}
		members = append(members, m)
	}
	return members
}

// namedValue is a parameter as a request names it.
type namedValue struct {
	value    string
	has      bool // a value
	previous bool
}

// named reads the parameters of a request, by key.
func (c call) named() map[string]namedValue {
	all := make(map[string]namedValue)
	for i := 1; c.parameters.Has("Parameters.member." + strconv.Itoa(i) + ".ParameterKey"); i++ {
		at := "Parameters.member." + strconv.Itoa(i) + "."
		all[c.parameters.Get(at+"ParameterKey")] = namedValue{
			value: c.parameters.Get(at + "ParameterValue"), has: c.parameters.Has(at + "ParameterValue"),
			previous: strings.EqualFold(c.parameters.Get(at+"UsePreviousValue"), "true"),
		}
	}
	return all
}

// values works out the values that a stack gets from a request. What the
// request does not name falls back to the template's default; what it names is
// taken as it is, stars too.
func (one *stack) values(named map[string]namedValue) (map[string]string, *failure) {
	values := make(map[string]string)
	var missing []string
	for _, p := range one.declared() {
		g, isNamed := named[p.Key]
		delete(named, p.Key)
		previous, had := one.Parameters[p.Key]
		switch {
		case g.previous && g.has && g.value != "":
			return nil, invalid("Invalid input for parameter key " + p.Key + ". Cannot specify usePreviousValue as true and non empty value for a parameter")
		case g.previous && !had:
			return nil, invalid("Invalid input for parameter key " + p.Key + ". Cannot specify usePreviousValue as true for a parameter key not in the previous template")
		case g.previous:
			values[p.Key] = previous
			continue
		case isNamed:
			values[p.Key] = g.value
		case p.Required:
			missing = append(missing, p.Key)
			continue
		default:
			values[p.Key] = p.Default
		}
	}
	if len(named) > 0 {
		return nil, invalid("Parameters: [" + strings.Join(slices.Sorted(maps.Keys(named)), ", ") + "] do not exist in the template")
	}
	if len(missing) > 0 {
		return nil, invalid("Parameters: [" + strings.Join(missing, ", ") + "] must have values")
	}
	return values, nil
}

// PublishImage makes AWS publish a newer machine image under a public name in
// Parameter Store
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html).
func (s *Server) PublishImage(region, name, image string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public[region+" "+name] = image
}

func (s *Server) put(where place, name, value string) {
	if s.stored[where] == nil {
		s.stored[where] = make(map[string]string)
	}
	s.stored[where][name] = value
}

// fetch reads Parameter Store. Public names have an image before one is
// published. The caller holds s.mu.
func (s *Server) fetch(where place, name string) (string, bool) {
	if strings.HasPrefix(name, "/aws/service/") {
		if image, published := s.public[where.region+" "+name]; published {
			return image, true
		}
		return "ami-" + hash([]byte(where.region + name))[:17], true
	}
	value, found := s.stored[where][name]
	return value, found
}

// resolve reads what the SSM-typed parameters among values point at. The
// caller holds s.mu.
func (s *Server) resolve(where place, one *stack, values map[string]string) map[string]string {
	resolved := make(map[string]string)
	for _, p := range one.declared() {
		if value, has := values[p.Key]; has && p.isFromStore() {
			resolved[p.Key], _ = s.fetch(where, value)
		}
	}
	return resolved
}

func getParameter(s *Server, c call) (any, *failure) {
	var request struct{ Name string }
	if failed := c.decode(&request); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.fetch(c.place(), request.Name)
	if !found {
		return nil, refusal(http.StatusBadRequest, "ParameterNotFound", "")
	}
	name := strings.TrimPrefix(request.Name, "/")
	return map[string]any{"Parameter": map[string]any{
		"Name": request.Name, "Type": "String", "Value": value, "Version": 1, "DataType": "text",
		"ARN": "arn:" + partition(c.region) + ":ssm:" + c.region + ":" + c.caller.account + ":parameter/" + name,
	}}, nil
}
