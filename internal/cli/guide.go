package cli

import (
	"cmp"
	"context"
	_ "embed" // the guide's text
	"net/url"
	"regexp"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// guideFacts is what the guide knows. Empty fields are unknown.
type guideFacts struct {
	Rack, Region string
	Profile      string // "" means the default one
	Host         string
	IsRead       bool // Stack was read
	Stack        cfn.StackInfo
}

// guide prints a reset by hand. What AWS doesn't say is left open.
func (p *program) guide(ctx context.Context, o *resetOptions) result {
	facts := guideFacts{Rack: o.rack, Profile: cmp.Or(o.profile, p.env("AWS_PROFILE"))}
	if len(o.regions) == 1 {
		facts.Region = o.regions[0]
	}
	finder, found, err := p.resetRack(ctx, o)
	if stopped := context.Cause(ctx); stopped != nil {
		return failure(stopped)
	}
	if isUsageError(err) {
		return failure(err)
	}
	var r result
	if err == nil {
		facts.Region, facts.Host = found.Rack.Region, found.Host.String()
		facts.Stack, err = finder.StackInfo(ctx, found.Rack)
		facts.IsRead = err == nil
	}
	if err != nil {
		r.leftover, r.lasting = err, []string{"the stack couldn't be read: the commands read what they need"}
	}
	r.text = resetGuide(facts)
	return r
}

// isUsageError reports whether an error is about the command line, which a guide doesn't
// help with.
func isUsageError(err error) bool {
	return err != nil && exitCode(err) == exitUsage && !problem.Has(err, cfn.CodeNoCredentials, cfn.CodeMFA)
}

// guideWidth limits the lines of the guide, except links.
const guideWidth = 100

// guideText has no exclamation marks: interactive shells expand them even in comments.
//
//go:embed guide.sh.tmpl
var guideText string

// resetGuide returns a reset by hand: a bash script whose comments explain it. Run as a
// whole, it changes nothing before you type the Rack's name. It generates the password.
func resetGuide(g guideFacts) string {
	values := map[string]string{
		"title": wrapComment("# ", "# ", "A new password for Rack "+text.Clean(g.Rack)+
			", by hand. This text writes nothing by itself; each command is yours to run."),
		"teammates": wrapComment("# - ", "#   ", "Teammates, each of them: convox login "+cmp.Or(text.Clean(g.Host), "HOST")),
		"links":     "# " + strings.Join(g.links(), "\n# "),
		"rack":      text.Quote(g.Rack),
	}
	if g.IsRead {
		values["parameters"] = wrapComment("  ", "  ", strings.Join(g.Stack.Parameters, " "))
		values["capabilities"] = `["` + strings.Join(g.Stack.Capabilities, `", "`) + `"]`
	}
	if g.Stack.Cluster != "" && g.Stack.WebService != "" {
		values["cluster"], values["service"] = text.Quote(g.Stack.Cluster), text.Quote(g.Stack.WebService)
	}
	for name, word := range map[string]string{"region": g.Region, "profile": g.Profile, "host": g.Host} {
		if word != "" {
			values[name] = text.Quote(word)
		}
	}
	return fillIn(guideText, values)
}

// fillIn replaces each {{NAME}} with its value, and drops the lines between {{if NAME}}, {{else}}
// and {{end}} that don't apply. text/template would make the program 3 MiB larger: it calls
// methods by name, so the linker keeps all of them.
func fillIn(template string, values map[string]string) string {
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{{"+name+"}}", value)
	}
	replace := strings.NewReplacer(pairs...).Replace
	var out strings.Builder
	applies := true
	for line := range strings.Lines(template) {
		name, isIf := strings.CutPrefix(line, "{{if ")
		switch {
		case isIf:
			_, applies = values[strings.TrimSuffix(name, "}}\n")]
		case line == "{{else}}\n":
			applies = !applies
		case line == "{{end}}\n":
			applies = true
		case applies:
			out.WriteString(replace(line))
		}
	}
	return out.String()
}

// wrapComment wraps a text into lines that begin with lead, the first one with first. Words are never cut.
func wrapComment(first, lead, words string) string {
	lines := text.WrapWhole(strings.Join(strings.Fields(words), " "), guideWidth-len(lead))
	return first + strings.Join(lines, "\n"+lead)
}

// regionWord matches regions that are safe in a host name.
var regionWord = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// links lead to the same reset in the AWS console.
func (g guideFacts) links() []string {
	var links []string
	switch {
	case !regionWord.MatchString(g.Region):
		links = append(links, "The region is unknown. Choose it: https://console.aws.amazon.com/cloudformation/home")
	case g.Stack.StackID == "":
		links = append(links, "The stack:         "+g.page("cloudformation/home", "#/stacks?filteringText="+escape(g.Rack)))
	default:
		id := escape(g.Stack.StackID)
		links = append(links,
			"The stack:         "+g.page("cloudformation/home", "#/stacks/stackinfo?stackId="+id),
			"Its change sets:   "+g.page("cloudformation/home", "#/stacks/changesets?stackId="+id))
	}
	if regionWord.MatchString(g.Region) && g.Stack.Cluster != "" && g.Stack.WebService != "" {
		links = append(links, "The web service:   "+g.page("ecs/v2/clusters/"+escape(g.Stack.Cluster)+"/services/"+escape(g.Stack.WebService), ""))
	}
	return links
}

// consoleHost is where the console of a region's partition is
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func consoleHost(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "console.amazonaws-us-gov.com"
	case strings.HasPrefix(region, "cn-"):
		return "console.amazonaws.cn"
	}
	return region + ".console.aws.amazon.com"
}

func (g guideFacts) page(path, fragment string) string {
	return "https://" + consoleHost(g.Region) + "/" + path + "?region=" + g.Region + fragment
}

// escape escapes a text for a path or a query.
func escape(word string) string {
	return strings.ReplaceAll(url.QueryEscape(text.Clean(word)), "+", "%20")
}
