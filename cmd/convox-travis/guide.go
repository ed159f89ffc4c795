package main

import (
	"net/url"
	"regexp"
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
	shape        cfn.StackInfo
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
		prose("A new password for Rack "+text.Clean(g.rack)+`, by hand. This text writes nothing by itself; each command is yours to run.`) + guideOpening,
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
	host := text.Clean(g.host)
	if host == "" {
		host = "HOST"
	}
	return guideAffected + item("Teammates, each of them: convox login "+host) + guideAffectedToo
}

// names sets what all commands use.
func (g guideFacts) names() string {
	lines := guideNames + "rack=" + text.Quote(g.rack) + "\n"
	if g.region == "" {
		lines += prose("The Rack's region is not known: write it in the place of REGION.") + "region=REGION\n"
	} else {
		lines += "region=" + text.Quote(g.region) + "\n"
	}
	if g.profile != "" {
		lines += "export AWS_PROFILE=" + text.Quote(g.profile) + "\n" +
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
	return "cluster=" + text.Quote(g.shape.Cluster) + "\nservice=" + text.Quote(g.shape.WebService) + "\n"
}

func (g guideFacts) address() string {
	if g.host == "" {
		return guideFindHost
	}
	return "host=" + text.Quote(g.host) + "\n"
}

func (g guideFacts) ending() string {
	return guideEnding + prose("The program does all of this, follows it, and writes the new password to Travis:") +
		"#   convox-travis reset-password " + text.Quote(g.rack) + "\n"
}

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

// regionWord is what a region can look like: it becomes a part of a host.
var regionWord = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// browser tells the same reset for the AWS console, with links to it.
func (g guideFacts) browser() string {
	var links []string
	switch {
	case !regionWord.MatchString(g.region):
		links = append(links, "The region is not known. Choose it: https://console.aws.amazon.com/cloudformation/home")
	case g.shape.StackID == "":
		links = append(links, "The stack:         "+g.page("cloudformation/home", "#/stacks?filteringText="+escaped(g.rack)))
	default:
		id := escaped(g.shape.StackID)
		links = append(links,
			"The stack:         "+g.page("cloudformation/home", "#/stacks/stackinfo?stackId="+id),
			"Its change sets:   "+g.page("cloudformation/home", "#/stacks/changesets?stackId="+id))
	}
	if regionWord.MatchString(g.region) && g.shape.Cluster != "" && g.shape.WebService != "" {
		links = append(links, "The web service:   "+g.page("ecs/v2/clusters/"+escaped(g.shape.Cluster)+"/services/"+escaped(g.shape.WebService), ""))
	}
	return "# == In the browser\n#\n# " + strings.Join(links, "\n# ") + "\n" + guideBrowser
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
	return "https://" + consoleHost(g.region) + "/" + path + "?region=" + g.region + fragment
}

// escaped makes a text fit for a part of a path, or for a query.
func escaped(word string) string {
	return strings.ReplaceAll(url.QueryEscape(text.Clean(word)), "+", "%20")
}

// The pieces of the guide, in their order. The commands use $rack and $region,
// which step 1 sets.

const guideOpening = `#
# Read it from top to bottom. Paste it piece by piece into a bash that was opened for it (type bash:
# a step that fails ends that shell), or save it and run it with bash: it asks before anything
# changes. It needs the AWS CLI and curl.
`

const guideIsItLost = `# == Is it really lost?
#
# Mostly not. These are better than a reset, in this order:
# - The convox client may have saved it, on this machine or on a teammate's: the file auth in
#   ~/.config/convox2, on macOS in ~/Library/Preferences/convox2; in convox beside these, or in
#   ~/.convox, for other clients; in $CONVOX_CONFIG where that is set.
# - If Console manages the Rack, leave the password alone. All that a build needs is a deploy key of
#   Console: Settings, Deploy Keys.
# - AWS holds it for the Rack's own use. These commands read it, and SHOW IT ON THE TERMINAL. Paste
#   step 1 first, then these without the mark before each line.
#
#   From the task definition of the Rack's monitor:
#
# task=$(aws cloudformation describe-stack-resource --region "$region" --stack-name "$rack" \
#   --logical-resource-id ApiMonitorTasks --output text \
#   --query StackResourceDetail.PhysicalResourceId)
# aws ecs describe-task-definition --region "$region" --task-definition "$task" --output text \
#   --query "taskDefinition.containerDefinitions[].environment[] | [?name=='PASSWORD'].value"
#
#   From Parameter Store, where Racks keep it since March 2023:
#
# aws ssm get-parameter --region "$region" --name "${rack}RackApiSecret" --with-decryption \
#   --query Parameter.Value --output text
`

const guideAffected = `# == Who is affected
#
# After it the old password opens nothing. The new one has to reach:
# - Every build that deploys with the old one, on Travis and elsewhere.
`

const guideAffectedToo = `# - Console, if it manages this Rack. AWS does not show whether it does: ask.
#
# The Rack's API is away for a moment without HighAvailability. The apps go on running.
`

const guideBrowser = `#
# The same can be done there: Update, create a change set, use existing template, change only
# Password, leave every other value. The trap: hidden values (NoEcho) show as ****. Leave "Use
# existing value" ticked for all of them but Password: stars that are sent back become the value.
# Compare the changes with step 4, execute them, and then restart the web service: Update service,
# Force new deployment.
`

const guideNames = `# == Step 1: the names
#
`

const guideStop = `export AWS_PAGER=
stop() { printf '%s\n' "$1" >&2; exit 1; }
`

const guidePassword = `# == Step 2: the new password
#
# 30 letters and digits, which every client sends as they are. It is shown here once: SAVE IT NOW,
# in a password manager, before anything changes. It stays in a variable of this shell, and never is
# an argument of a program, which others on this machine could read.
umask 077
work=$(mktemp -d) || stop "there is no temporary folder"
trap 'rm -rf "$work"' EXIT
password=$(head -c 1024 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | cut -c 1-30)
[ "${#password}" -eq 30 ] || stop "no password could be made"
printf 'The new password: %s\n' "$password"
`

const guideIsFree = `# == Step 3: the request
#
# An update may begin only when the last one is over.
status=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query 'Stacks[0].StackStatus' --output text) || stop "the stack cannot be read"
case $status in
CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) ;;
*) stop "the stack is in the state $status: this is not the time for an update" ;;
esac

`

const guideReadParameters = `# The stack could not be read when this was written, so what it has is read here: the names of its
# parameters, no values.
parameters=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query "Stacks[0].Parameters[].ParameterKey" --output text) || stop "the stack cannot be read"
capabilities=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query "Stacks[0].Capabilities || ['CAPABILITY_IAM']" --output json) ||
  stop "the stack cannot be read"
`

const guideRequest = `
# The password goes to AWS in a file that only you can read, and that is deleted at once. Every
# other parameter is named too, to keep its value: what is not named falls back to the template's
# default. Where cli_history is enabled (aws configure get cli_history), the AWS CLI would write the
# request down: disable it first.
change="password-$(date +%s)"
{
  printf '{"StackName": "%s", "ChangeSetName": "%s", "ChangeSetType": "UPDATE",\n' "$rack" "$change"
  printf '"UsePreviousTemplate": true, "Capabilities": %s,\n"Parameters": [\n' "$capabilities"
  printf '{"ParameterKey": "Password", "ParameterValue": "%s"}' "$password"
  for key in $parameters; do
    [ "$key" = Password ] || printf ',\n{"ParameterKey": "%s", "UsePreviousValue": true}' "$key"
  done
  printf '\n]}\n'
} > "$work/request.json"
aws cloudformation create-change-set --region "$region" --cli-input-json "file://$work/request.json"
made=$?; rm -f "$work/request.json"
[ "$made" -eq 0 ] || stop "AWS did not take the request; nothing was changed"
`

const guidePreview = `# == Step 4: what would change
#
# A change set changes nothing by itself.
aws cloudformation wait change-set-create-complete --region "$region" --stack-name "$rack" \
  --change-set-name "$change" || {
  aws cloudformation describe-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change" --query StatusReason --output text
  aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change"
  stop "AWS cannot work out the changes; nothing was changed"
}
aws cloudformation describe-change-set --region "$region" --stack-name "$rack" \
  --change-set-name "$change" --output table \
  --query 'Changes[].ResourceChange.[LogicalResourceId,Action,Replacement]'

# As expected: Modify alone, of
# - RackApiSecret, ApiMonitorTasks (replaced: task definitions change so), ServiceMonitorApi;
# - with templates before 2023 also ApiWebTasks and ApiBuildTasks (replaced), and their services:
#   ServiceWebApi, older ApiWebService and ApiMonitorService.
#
# EVERY INSTANCE IS REPLACED, one by one, when these are among them: InstancesLaunchTemplate,
# BuildLaunchTemplate, SpotInstanceLaunchTemplate, SpotFleetLT, Instances, SpotInstances,
# BuildInstances, SpotFleet; with older templates LaunchConfiguration, BuildLaunchConfiguration,
# SpotLaunchConfiguration. There is a newer machine image, which every update takes. That is no
# fault, but choose the hour for it.
#
# STOP at anything else, and at Add or Remove: the stack has drifted from its template. Answer with
# nothing, and the change set is deleted. The command for it is
#
# aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
#   --change-set-name "$change"
#
# This asks; paste it by itself. Type the name when the password is saved and the changes are right.
read -r -p "Type the Rack's name to go on: " answer
`

const guideUpdate = `# == Step 5: the update
#
# It is mostly a matter of minutes; where instances are replaced, of an hour or more. Where it
# fails, AWS rolls it back, and the old password holds.
[ "$answer" = "$rack" ] || {
  aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change"
  stop "that is not its name; nothing was changed"
}
aws cloudformation execute-change-set --region "$region" --stack-name "$rack" \
  --change-set-name "$change" || stop "AWS did not begin the update; the old password holds"
# One wait ends after an hour, so there are two.
aws cloudformation wait stack-update-complete --region "$region" --stack-name "$rack" ||
  aws cloudformation wait stack-update-complete --region "$region" --stack-name "$rack" || {
  aws cloudformation describe-stack-events --region "$region" --stack-name "$rack" --output table \
    --query "StackEvents[?ResourceStatus=='UPDATE_FAILED'].[LogicalResourceId,ResourceStatusReason]"
  aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
    --query 'Stacks[0].[StackStatus,StackStatusReason]' --output text
  stop "the update is not complete: after UPDATE_ROLLBACK_COMPLETE the old password holds"
}
`

const guideRestart = `# == Step 6: the restart
#
# The web service takes the password when it starts, and the update does not start it anew: until
# then it takes the old one. Where step 4 showed ApiWebTasks and its service, the update has
# restarted it: this can be left out then, and does no harm.
#
# Steps 6 and 7 may be repeated. Another bash needs step 1 first, and: read -r -s password
`

const guideFindService = `service=$(aws cloudformation describe-stack-resource --region "$region" --stack-name "$rack" \
  --logical-resource-id ServiceWebApi --output text \
  --query StackResourceDetail.PhysicalResourceId) ||
  service=$(aws cloudformation describe-stack-resource --region "$region" --stack-name "$rack" \
    --logical-resource-id ApiWebService --output text \
    --query StackResourceDetail.PhysicalResourceId)
cluster=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='Cluster'].OutputValue")
`

const guideRestartNow = `aws ecs update-service --region "$region" --cluster "$cluster" --service "$service" \
  --force-new-deployment --output text \
  --query 'service.deployments[].[status,desiredCount,runningCount]' ||
  stop "the update is done, and the web service was not restarted: do step 6 again"
# This wait ends after ten minutes: run it again where that is not enough.
aws ecs wait services-stable --region "$region" --cluster "$cluster" --services "$service"
`

const guideCheck = `# == Step 7: the check
#
# Two web tasks answer in turn, so it is done when five logins in a row, each over a connection of
# its own, were made with the new password.
`

const guideFindHost = `host=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='Dashboard'].OutputValue")
`

const guideCheckNow = `# Racks with a host of the older form sign their certificates themselves. The one that is there now
# is the only one that gets the password; whether it is the Rack's, this cannot say.
trust=()
case $host in
*.elb.amazonaws.com | *.elb.amazonaws.com.cn)
  pin=$(openssl s_client -connect "$host:443" -servername "$host" < /dev/null 2> /dev/null |
    openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary |
    openssl base64)
  trust=(--insecure --pinnedpubkey "sha256//$pin")
  ;;
esac
taken=0 turn=0
while [ "$taken" -lt 5 ] && [ "$turn" -lt 30 ]; do
  turn=$((turn + 1))
  code=$(printf 'user = "convox:%s"\n' "$password" | curl -q --silent --show-error --max-time 20 \
    "${trust[@]}" --output /dev/null --write-out '%{http_code}' --config - "https://$host/auth")
  [ "$?" -eq 60 ] && break # no waiting changes a certificate
  if [ "$code" = 200 ]; then
    taken=$((taken + 1))
  else
    taken=0
    printf 'login %s: not yet (HTTP %s)\n' "$turn" "$code"
    sleep 5
  fi
done
[ "$taken" -eq 5 ] || stop "the update is done, and no login was seen: do steps 6 and 7 again"
printf '%s of 5 logins in a row took the new password\n' "$taken"
`

const guideEnding = `# == Step 8: the others
#
# Tell everyone of "Who is affected", and give every build the new password. For Travis, from here:
#
# printf '%s\n' "$password" | convox-travis apply --rack "$rack" --region "$region" --password-stdin
#
rm -rf "$work"
unset password
`
