package cfntest

import (
	"maps"
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

// given is a parameter as a request names it.
type given struct {
	value    string
	has      bool // a value
	previous bool
}

// named reads the parameters of a request, by key.
func (c call) named() map[string]given {
	all := make(map[string]given)
	for i := 1; c.parameters.Has("Parameters.member." + strconv.Itoa(i) + ".ParameterKey"); i++ {
		at := "Parameters.member." + strconv.Itoa(i) + "."
		all[c.parameters.Get(at+"ParameterKey")] = given{
			value: c.parameters.Get(at + "ParameterValue"), has: c.parameters.Has(at + "ParameterValue"),
			previous: strings.EqualFold(c.parameters.Get(at+"UsePreviousValue"), "true"),
		}
	}
	return all
}

// values works out the values that a stack gets from a request. What the
// request does not name falls back to the template's default; what it names is
// taken as it is, stars too.
func (one *stack) values(named map[string]given) (map[string]string, *failure) {
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
