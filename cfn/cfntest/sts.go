package cfntest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What GetCallerIdentity and AssumeRole answer, in the elements of
// https://docs.aws.amazon.com/STS/latest/APIReference/.
type (
	callerIdentity struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}
	assumedRole struct {
		Credentials     sessionCredentials
		AssumedRoleUser assumedRoleUser
	}
	sessionCredentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
	assumedRoleUser struct {
		Arn           string
		AssumedRoleID string `xml:"AssumedRoleId"`
	}
)

func getCallerIdentity(_ *Server, c call) (any, *failure) {
	return callerIdentity{Arn: c.caller.arn, UserID: c.caller.id, Account: c.caller.account}, nil
}

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	tokenCode   = regexp.MustCompile(`^[0-9]{6}$`)
)

const (
	shortestSession = 15 * time.Minute
	longestSession  = 12 * time.Hour
)

func assumeRole(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn, session := c.parameters.Get("RoleArn"), c.parameters.Get("RoleSessionName")
	if !sessionName.MatchString(session) {
		return nil, invalid("1 validation error detected: Value '" + session + "' at 'roleSessionName' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	lasts, failed := c.duration()
	if failed != nil {
		return nil, failed
	}
	role, known := s.roles[arn]
	if !known || role.Account != c.caller.account || role.ExternalID != c.parameters.Get("ExternalId") {
		return nil, notTrusted(c, arn)
	}
	if failed := s.checkDevice(c, role); failed != nil {
		return nil, failed
	}
	switch {
	case strings.Contains(c.caller.arn, ":assumed-role/") && lasts > time.Hour:
		return nil, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case lasts > time.Hour: // the default of a role, https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	user := assumedRoleUser{
		Arn:           "arn:aws:sts::" + role.Account + ":assumed-role/" + role.Name + "/" + session,
		AssumedRoleID: "AROA" + strings.ToUpper(hash([]byte(arn)))[:17] + ":" + session,
	}
	credentials := sessionCredentials{
		AccessKeyID: "ASIA" + strings.ToUpper(random(8)), SecretAccessKey: random(20), SessionToken: random(64),
		Expiration: time.Now().Add(lasts).UTC().Format(time.RFC3339),
	}
	s.keys[credentials.AccessKeyID] = &key{
		secret: credentials.SecretAccessKey, token: credentials.SessionToken, expires: time.Now().Add(lasts),
		account: role.Account, partition: c.caller.partition, arn: user.Arn, id: user.AssumedRoleID,
	}
	return assumedRole{Credentials: credentials, AssumedRoleUser: user}, nil
}

// checkDevice checks the code of the MFA device that a role demands, and uses
// it up. The caller holds s.mu.
func (s *Server) checkDevice(c call, role Role) *failure {
	serial, code := c.parameters.Get("SerialNumber"), c.parameters.Get("TokenCode")
	if role.MFASerial == "" && serial == "" {
		return nil
	}
	if code != "" && !tokenCode.MatchString(code) {
		return invalid("1 validation error detected: Value '" + code + "' at 'tokenCode' failed to satisfy constraint: " +
			"Member must satisfy regular expression pattern: [\\d]*")
	}
	if role.MFASerial != "" && (serial == "" || code == "") {
		return notTrusted(c, role.ARN())
	}
	at := slices.Index(s.devices[serial], code)
	if at < 0 || (role.MFASerial != "" && serial != role.MFASerial) {
		return refusal(http.StatusForbidden, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	}
	s.devices[serial] = slices.Delete(s.devices[serial], at, at+1)
	return nil
}

func notTrusted(c call, role string) *failure {
	return refusal(http.StatusForbidden, "AccessDenied", "User: "+c.caller.arn+" is not authorized to perform: sts:AssumeRole on resource: "+role)
}

// duration is how long a session is to last, an hour unless it says so.
func (c call) duration() (time.Duration, *failure) {
	text := c.parameters.Get("DurationSeconds")
	if text == "" {
		return time.Hour, nil
	}
	seconds, err := strconv.Atoi(text)
	lasts := time.Duration(seconds) * time.Second
	if err != nil || lasts < shortestSession || lasts > longestSession {
		return 0, invalid("1 validation error detected: Value '" + text + "' at 'durationSeconds' failed to satisfy constraint: " +
			"Member must have value greater than or equal to 900")
	}
	return lasts, nil
}
