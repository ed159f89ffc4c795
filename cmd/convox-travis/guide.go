package main

import (
	"net/url"
	"regexp"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/text"
)

// guideFacts is what the guide knows. Empty fields are unknown.
type guideFacts struct {
	rack, region string
	profile      string // "" means the default one
	host         string
	isRead       bool // the stack could be read: shape is its
	shape        cfn.StackInfo
}

// guideWidth limits the lines of the guide, except links.
const guideWidth = 100

// resetGuide returns a reset by hand: a bash script whose comments explain it. Run as a
// whole, it changes nothing before you type the Rack's name. It generates the password.
//
// It has no exclamation marks: interactive shells expand them even in comments.
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

// names sets the variables that all commands use.
func (g guideFacts) names() string {
	lines := guideNames + "rack=" + text.Quote(g.rack) + "\n"
	if g.region == "" {
		lines += prose("The Rack's region is unknown: replace REGION with it.") + "region=REGION\n"
	} else {
		lines += "region=" + text.Quote(g.region) + "\n"
	}
	if g.profile != "" {
		lines += "export AWS_PROFILE=" + text.Quote(g.profile) + "\n" +
			prose("Keys in the environment would win over the profile.") +
			"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n"
	}
	return lines + guideStop
}

// parameters names the parameters that keep their values, and the capabilities.
func (g guideFacts) parameters() string {
	if !g.isRead {
		return guideReadParameters
	}
	return prose("All parameters but the password, as of now. If the Rack is updated later, print this guide again.") +
		"parameters='\n" + wrapComment("  ", strings.Join(g.shape.Parameters, " ")) + "'\n" +
		`capabilities='["` + strings.Join(g.shape.Capabilities, `", "`) + `"]'` + "\n"
}

// service names the ECS service of the Rack's API.
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
	return guideEnding + prose("convox-travis can do all of this for you:") +
		"#   convox-travis reset-password " + text.Quote(g.rack) + "\n"
}

// prose is a wrapped comment.
func prose(words string) string { return wrapComment("# ", words) }

// item is a wrapped comment of a list.
func item(words string) string {
	lines := strings.SplitAfter(wrapComment("#   ", words), "\n")
	lines[0] = "# - " + strings.TrimPrefix(lines[0], "#   ")
	return strings.Join(lines, "")
}

// wrapComment wraps a text into lines that begin with lead. Words are never cut.
func wrapComment(lead, words string) string {
	if words == "" {
		return ""
	}
	lines := text.WrapWhole(strings.Join(strings.Fields(words), " "), guideWidth-len(lead))
	return lead + strings.Join(lines, "\n"+lead) + "\n"
}

// regionWord matches regions that are safe in a host name.
var regionWord = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// browser explains the same reset in the AWS console, with links.
func (g guideFacts) browser() string {
	var links []string
	switch {
	case !regionWord.MatchString(g.region):
		links = append(links, "The region is unknown. Choose it: https://console.aws.amazon.com/cloudformation/home")
	case g.shape.StackID == "":
		links = append(links, "The stack:         "+g.page("cloudformation/home", "#/stacks?filteringText="+escape(g.rack)))
	default:
		id := escape(g.shape.StackID)
		links = append(links,
			"The stack:         "+g.page("cloudformation/home", "#/stacks/stackinfo?stackId="+id),
			"Its change sets:   "+g.page("cloudformation/home", "#/stacks/changesets?stackId="+id))
	}
	if regionWord.MatchString(g.region) && g.shape.Cluster != "" && g.shape.WebService != "" {
		links = append(links, "The web service:   "+g.page("ecs/v2/clusters/"+escape(g.shape.Cluster)+"/services/"+escape(g.shape.WebService), ""))
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

// escape escapes a text for a path or a query.
func escape(word string) string {
	return strings.ReplaceAll(url.QueryEscape(text.Clean(word)), "+", "%20")
}

// The pieces of the guide, in their order. The commands use $rack and $region,
// which step 1 sets.

const guideOpening = `#
# Read it from top to bottom. Paste it step by step into a new bash (type bash: a step that fails
# ends that shell), or save it and run it with bash: it asks before anything changes. It needs the
# AWS CLI and curl.
`

const guideIsItLost = `# == Is it really lost?
#
# Usually not. These are better than a reset, in this order:
# - The convox CLI may have saved it, on this machine or on a teammate's: in the file auth in
#   ~/.config/convox2, on macOS in ~/Library/Preferences/convox2; other versions of the CLI use
#   convox beside these, or ~/.convox. $CONVOX_CONFIG wins if it is set.
# - If Console manages the Rack, keep the password. Builds only need a deploy key: in Console, see
#   Settings, Deploy Keys.
# - AWS stores it for the Rack itself. These commands read it, and SHOW IT ON THE TERMINAL. Paste
#   step 1 first, then these without the # at the start of each line.
#
#   From the task definition of the Rack's monitor:
#
# task=$(aws cloudformation describe-stack-resource --region "$region" --stack-name "$rack" \
#   --logical-resource-id ApiMonitorTasks --output text \
#   --query StackResourceDetail.PhysicalResourceId)
# aws ecs describe-task-definition --region "$region" --task-definition "$task" --output text \
#   --query "taskDefinition.containerDefinitions[].environment[] | [?name=='PASSWORD'].value"
#
#   From Parameter Store, where Racks have stored it since March 2023:
#
# aws ssm get-parameter --region "$region" --name "${rack}RackApiSecret" --with-decryption \
#   --query Parameter.Value --output text
`

const guideAffected = `# == Who is affected
#
# Afterward, the old password no longer works. These need the new one:
# - Every build that deploys with the old one, on Travis and elsewhere.
`

const guideAffectedToo = `# - Console, if it manages this Rack. AWS doesn't show that: ask.
#
# Without HighAvailability, the Rack's API is down for a moment. The apps keep running.
`

const guideBrowser = `#
# The same works there: Update, create a change set, use existing template, and change only
# Password. The trap: hidden values (NoEcho) show as ****. Keep "Use
# existing value" checked for all of them but Password: stars that you submit become the value.
# Compare the changes with step 4, execute them, then restart the web service: Update service,
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
# 30 letters and digits, which every client sends unchanged. It is shown once: SAVE IT NOW, in a
# password manager, before anything changes. It stays in a variable of this shell. It is never an
# argument of a program, which others on this machine could read.
umask 077
work=$(mktemp -d) || stop "can't create a temporary folder"
trap 'rm -rf "$work"' EXIT
password=$(head -c 1024 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | cut -c 1-30)
[ "${#password}" -eq 30 ] || stop "can't generate a password"
printf 'The new password: %s\n' "$password"
`

const guideIsFree = `# == Step 3: the request
#
# An update can start only after the last one has ended.
status=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query 'Stacks[0].StackStatus' --output text) || stop "can't read the stack"
case $status in
CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) ;;
*) stop "the stack is in state $status, so it can't be updated now" ;;
esac

`

const guideReadParameters = `# The stack couldn't be read when this was printed, so this reads the names of its parameters, but
# no values.
parameters=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query "Stacks[0].Parameters[].ParameterKey" --output text) || stop "can't read the stack"
capabilities=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
  --query "Stacks[0].Capabilities || ['CAPABILITY_IAM']" --output json) ||
  stop "can't read the stack"
`

const guideRequest = `
# The password goes to AWS in a file that only you can read, and that is deleted at once. Every
# other parameter is named to keep its value: otherwise it gets the template's default. If
# cli_history is enabled (aws configure get cli_history), disable it first: the AWS CLI would record
# the request.
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
[ "$made" -eq 0 ] || stop "AWS refused the request; nothing was changed"
`

const guidePreview = `# == Step 4: what would change
#
# A change set changes nothing until it is executed.
aws cloudformation wait change-set-create-complete --region "$region" --stack-name "$rack" \
  --change-set-name "$change" || {
  aws cloudformation describe-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change" --query StatusReason --output text
  aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change"
  stop "AWS can't preview the changes; nothing was changed"
}
aws cloudformation describe-change-set --region "$region" --stack-name "$rack" \
  --change-set-name "$change" --output table \
  --query 'Changes[].ResourceChange.[LogicalResourceId,Action,Replacement]'

# Expected: only Modify, of
# - RackApiSecret, ApiMonitorTasks (replaced, as task definitions always are), ServiceMonitorApi;
# - with templates before 2023 also ApiWebTasks and ApiBuildTasks (replaced), and their services:
#   ServiceWebApi, earlier ApiWebService and ApiMonitorService.
#
# EVERY INSTANCE IS REPLACED, one by one, if these are among them: InstancesLaunchTemplate,
# BuildLaunchTemplate, SpotInstanceLaunchTemplate, SpotFleetLT, Instances, SpotInstances,
# BuildInstances, SpotFleet; with older templates LaunchConfiguration, BuildLaunchConfiguration,
# SpotLaunchConfiguration. Then AWS has a newer machine image, which every update installs. That is
# normal, but choose a good time for it.
#
# STOP at anything else, and at Add or Remove: the stack has drifted from its template. Press Enter
# without a name to delete the change set. The command for that is
#
# aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
#   --change-set-name "$change"
#
# This asks; paste it alone. Type the name once the password is saved and the changes are right.
read -r -p "Type the Rack's name to continue: " answer
`

const guideUpdate = `# == Step 5: the update
#
# It usually takes minutes; if instances are replaced, an hour or more. If it fails, AWS rolls it
# back, and the old password stays valid.
[ "$answer" = "$rack" ] || {
  aws cloudformation delete-change-set --region "$region" --stack-name "$rack" \
    --change-set-name "$change"
  stop "that isn't the Rack's name; nothing was changed"
}
aws cloudformation execute-change-set --region "$region" --stack-name "$rack" \
  --change-set-name "$change" || stop "AWS didn't start the update; the old password stays valid"
# A wait ends after an hour, so there are two.
aws cloudformation wait stack-update-complete --region "$region" --stack-name "$rack" ||
  aws cloudformation wait stack-update-complete --region "$region" --stack-name "$rack" || {
  aws cloudformation describe-stack-events --region "$region" --stack-name "$rack" --output table \
    --query "StackEvents[?ResourceStatus=='UPDATE_FAILED'].[LogicalResourceId,ResourceStatusReason]"
  aws cloudformation describe-stacks --region "$region" --stack-name "$rack" \
    --query 'Stacks[0].[StackStatus,StackStatusReason]' --output text
  stop "the update isn't complete; after UPDATE_ROLLBACK_COMPLETE the old password is valid"
}
`

const guideRestart = `# == Step 6: the restart
#
# The web service reads the password when it starts, and the update doesn't restart it: until then
# it accepts the old one. If step 4 showed ApiWebTasks and its service, the update has restarted it,
# so you can skip this; it does no harm.
#
# You can repeat steps 6 and 7. A new bash needs step 1 first, and: read -r -s password
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
  stop "the update is done, but the web service wasn't restarted: repeat step 6"
# This wait ends after ten minutes: run it again if that isn't enough.
aws ecs wait services-stable --region "$region" --cluster "$cluster" --services "$service"
`

const guideCheck = `# == Step 7: the check
#
# Two web tasks answer in turn, so the reset is done when the new password works five times in a
# row, each over a new connection.
`

const guideFindHost = `host=$(aws cloudformation describe-stacks --region "$region" --stack-name "$rack" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='Dashboard'].OutputValue")
`

const guideCheckNow = `# Racks with a host of the older form have self-signed certificates. Only the certificate that is
# there now gets the password; this can't tell whether it is the Rack's.
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
  [ "$?" -eq 60 ] && break # waiting doesn't fix a certificate
  if [ "$code" = 200 ]; then
    taken=$((taken + 1))
  else
    taken=0
    printf 'login %s: not yet (HTTP %s)\n' "$turn" "$code"
    sleep 5
  fi
done
[ "$taken" -eq 5 ] || stop "the update is done, but the login failed: repeat steps 6 and 7"
printf '%s of 5 logins in a row accepted the new password\n' "$taken"
`

const guideEnding = `# == Step 8: the others
#
# Give the new password to everyone under "Who is affected" and to every build. For Travis:
#
# printf '%s\n' "$password" | convox-travis apply --rack "$rack" --region "$region" --password-stdin
#
rm -rf "$work"
unset password
`
