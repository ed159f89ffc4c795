package main

import (
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/text"
)

// guideFacts is what the guide is written for. What is empty is not known.
type guideFacts struct {
	rack, region string
	profile      string // "" is the default one
	host         string
	isRead       bool // the stack could be read: shape is what it told
	shape        cfn.Shape
}

// guideWidth is how long a line of the guide may be, links excepted.
const guideWidth = 100

// resetGuide returns a reset by hand: a script for bash in which everything that
// is to be read is a comment. Run as a whole it changes nothing before the
// Rack's name was typed. It holds no password: the script makes it.
//
// Interactive shells expand an exclamation mark even in a comment, so it has
// none of its own.
func resetGuide(g guideFacts) string {
	return strings.Join([]string{
		prose("A new password for Rack "+shown(g.rack)+`, by hand. This text writes nothing by itself; each command is yours to run.`) + guideOpening,
		guideIsItLost,
		g.affected(),
		g.browser(),
		g.names(),
		guidePassword,
		guideIsFree + g.parameters() + guideRequest,
		guidePreview,
		guideUpdate,
		guideRestart + g.service() + guideRestartNow,
		guideCheck + g.address() + guideCheckNow,
		g.ending(),
	}, "\n")
}

func (g guideFacts) affected() string {
	host := shown(g.host)
	if host == "" {
		host = "HOST"
	}
	return guideAffected + item("Teammates, each of them: convox login "+host) + guideAffectedToo
}

// names sets what all commands use.
func (g guideFacts) names() string {
	lines := guideNames + "rack=" + pasted(g.rack) + "\n"
	if g.region == "" {
		lines += prose("The Rack's region is not known: write it in the place of REGION.") + "region=REGION\n"
	} else {
		lines += "region=" + pasted(g.region) + "\n"
	}
	if g.profile != "" {
		lines += "export AWS_PROFILE=" + pasted(g.profile) + "\n" +
			prose("Keys in the environment would go before the profile.") +
			"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n"
	}
	return lines + guideStop
}

// parameters names what stays as it is, and what the template needs.
func (g guideFacts) parameters() string {
	if !g.isRead {
		return guideReadParameters
	}
	return prose("All parameters but the password, as they were when this was written. Where the Rack was updated since, have it written anew.") +
		"parameters='\n" + wrapped("  ", strings.Join(g.shape.Parameters, " ")) + "'\n" +
		`capabilities='["` + strings.Join(g.shape.Capabilities, `", "`) + `"]'` + "\n"
}

// service names the service that answers for the Rack's API.
func (g guideFacts) service() string {
	if g.shape.Cluster == "" || g.shape.WebService == "" {
		return guideFindService
	}
	return "cluster=" + pasted(g.shape.Cluster) + "\nservice=" + pasted(g.shape.WebService) + "\n"
}

func (g guideFacts) address() string {
	if g.host == "" {
		return guideFindHost
	}
	return "host=" + pasted(g.host) + "\n"
}

func (g guideFacts) ending() string {
	return guideEnding + prose("The program does all of this, follows it, and writes the new password to Travis:") +
		"#   convox-travis reset-password " + pasted(g.rack) + "\n"
}

// shown makes a text from outside fit for a comment.
func shown(name string) string { return text.Clean(name) }

// pasted makes a text from outside fit for a command.
func pasted(name string) string { return text.Quote(name) }

// prose is a comment, wrapped.
func prose(words string) string { return wrapped("# ", words) }

// item is a comment of a list, wrapped.
func item(words string) string {
	lines := strings.SplitAfter(wrapped("#   ", words), "\n")
	lines[0] = "# - " + strings.TrimPrefix(lines[0], "#   ")
	return strings.Join(lines, "")
}

// wrapped puts the words of a text into lines that begin with lead. A word that
// is too long has a line of its own.
func wrapped(lead, words string) string {
	if words == "" {
		return ""
	}
	lines := text.WrapWhole(strings.Join(strings.Fields(words), " "), guideWidth-len(lead))
	return lead + strings.Join(lines, "\n"+lead) + "\n"
}
