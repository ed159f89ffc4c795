package travisyml

import (
	"net/url"
	"slices"
	"strings"
)

// Convox's own names: what is under them is a secret, however short.
const (
	hostName     = "CONVOX_HOST"
	passwordName = "CONVOX_PASSWORD"
	addressName  = "RACK_URL"
)

// What of a value that expands is in the file: all but the references.
var (
	reference  = lately(`\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]|\{[^}]*\}|\([^)]*\))|` + "`[^`]*`")
	notLiteral = lately(`[^A-Za-z0-9]+`)

	// inItsPlace is the text that "${NAME:-text}" has for it, which is in the file,
	// and referenceBegun a name within that.
	inItsPlace     = lately(`^\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=+](.*)\}$`)
	referenceBegun = lately(`\$\{?[A-Za-z0-9_]*`)
)

// fewLetters are too few to be a secret.
const fewLetters = 4

// literal is what of a value is in the file, or "" where that is a name or two
// around what is given elsewhere.
func literal(value string, expands bool) string {
	if !expands {
		return value
	}
	value = reference().ReplaceAllStringFunc(value, func(ref string) string {
		if instead := inItsPlace().FindStringSubmatch(ref); instead != nil {
			return referenceBegun().ReplaceAllString(instead[1], "")
		}
		return ""
	})
	if len(notLiteral().ReplaceAllString(value, "")) < fewLetters {
		return ""
	}
	return value
}

// isExposed reports whether a variable gives away what looks like a secret. What
// its name says counts, and how its value looks: nearly every build gives a
// database of its own a password such as "postgres".
func isExposed(name, value string, expands bool) bool {
	in := literal(value, expands)
	switch {
	case name == addressName:
		address, err := url.Parse(in)
		if err != nil {
			return true // to be safe: it holds something that no address can
		}
		password, _ := address.User.Password()
		return password != "" || hasLogin(value, expands)
	case name == passwordName:
		return in != ""
	case in == "":
		return false
	case knownToken.MatchString(in) || hasLogin(value, expands):
		return true
	case len(in) < fewLetters || isPlace.MatchString(in) || isDummy(name, in):
		return false
	}
	return namesSecret(name, in)
}

// knownToken is what services begin their tokens with.
var knownToken = lately(`\b(?:gh[opsu]_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{15}|xox[abprs]-[A-Za-z0-9-]{10}|[sr]k_live_[A-Za-z0-9]{10}|npm_[A-Za-z0-9]{30})|-----BEGIN [A-Z ]*PRIVATE KEY`)

// login is the name and the password in an address.
var login = lately(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/:@]*)(?::([^\s/@]*))?@(\[[^\]]*\]|[^\s/:?#]+)`)

// hasLogin reports whether a value has an address with a password, or a token in
// a password's place. One of a machine that the build itself starts opens nothing.
func hasLogin(value string, expands bool) bool {
	for _, found := range login().FindAllStringSubmatch(value, -1) {
		user, password, host := literal(found[1], expands), literal(found[2], expands), strings.ToLower(found[3])
		switch {
		case !strings.Contains(host, ".") || strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "0.") || strings.HasSuffix(host, ".local"):
		case len(password) >= fewLetters && !dummy.MatchString(password):
			return true
		case found[2] == "" && looksMade(user):
			return true
		}
	}
	return false
}

// isPlace is a file or an address, which is no secret itself.
var isPlace = lately(`^(?:\.{1,2}/|~/|/[\w.-]+/|[a-z]+://)\S*$|^[\w./-]+\.(?:pem|key|json|p12|pfx|crt|pub|enc|gpg|asc|txt|ya?ml)$`)

// dummy is a password that anyone would try first.
var dummy = lately(`(?i)^(?:(?:test(?:ing|er)?|dummy|fake|example|sample|secret|password|passwd|pass|pw|change|me|it|this|travis|ci|postgres|postgresql|mysql|mariadb|mongo|redis|rabbit|rabbitmq|root|admin|guest|user|db|database|foo|bar|baz|my|super|for|only|not|a|an|is|key|token|api|default|none|null|nil|true|false|yes|no|on|off|enabled|disabled|your|here|local|dev|development|production|staging|qwerty|hello|world|abc|xyz)[-_. ]*)+(?:123[0-9]*|[0-9]{0,2})!?$|^[x*.#-]+$|^1?2345[0-9]*$`)

// isDummy reports whether a value is one for a build alone, or a word of the
// variable's own name.
func isDummy(name, value string) bool {
	return dummy.MatchString(value) || slices.Contains(strings.Split(strings.ToLower(name), "_"), strings.ToLower(value))
}

var (
	// secretWord ends a part of a name that is a secret's.
	secretWord = lately(`(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY|CREDENTIAL)S?$`)
	// shortWord is one only at the end of a name, and not alone.
	shortWord = lately(`_(?:PASS|PWD|PW|PAT|PSWD)[0-9]*$`)
	// aboutOne ends the name of something about a secret.
	aboutOne = lately(`_(?:ID|IDS|URL|URI|HOST|PORT|FILE|PATH|DIR|FOLDER|NAME|USER|USERNAME|EMAIL|LENGTH|LEN|MIN|MAX|SIZE|COUNT|TTL|TIMEOUT|EXPIRY|EXPIRES?|EXPIRATION|LIFETIME|DURATION|DAYS|HOURS|MINUTES|SECONDS|ENABLED|DISABLED|REQUIRED|TYPE|FORMAT|FIELD|HEADER|PREFIX|SUFFIX|ALGORITHM|ALG|ROUNDS|POLICY|RESET|VERSION|REGION|ENDPOINT|ISSUER|AUDIENCE|ALIAS|LABEL|HASHERS?|VALIDATORS?|COMMAND|CMD|SERVER|PROVIDER|STORE|BACKEND|MANAGER|ADDRESS|CONTRACT|SYMBOL|DECIMALS)$`)
	// someKey is a key that is a secret; theirKey one that is none.
	someKey  = lately(`(?:^|_)(?:API|SECRET|PRIVATE|PRIV|DEPLOY|ENCRYPTION|ENCRYPT|CRYPT|SIGNING|SIGN|MASTER|AUTH|ACCOUNT|STORAGE|SSH|GPG|PGP|RSA|HMAC|JWT|SESSION|COOKIE|SERVICE|ADMIN|CONVOX|RACK|LICENSE|LICENCE|AES)_?KEYS?(?:_|$)`)
	theirKey = lately(`(?:^|_)(?:PUBLIC|PUB|PUBLISHABLE|CACHE|SORT|PARTITION|PRIMARY|FOREIGN|GROUP|INDEX|HOT|SITE|OBJECT|BUCKET|ACCESS|HOST)_?KEYS?(?:_|$)`)
	anyKey   = lately(`(?:^|_)KEYS?(?:_|$)`)
)

// namesSecret reports whether a name is a secret's; that of some key is one where
// the value looks like a key.
func namesSecret(name, value string) bool {
	name = strings.ToUpper(name)
	if aboutOne.MatchString(name) {
		return false
	}
	if shortWord.MatchString(name) || slices.ContainsFunc(strings.Split(name, "_"), secretWord.MatchString) {
		return true
	}
	if theirKey.MatchString(name) {
		return false
	}
	return someKey.MatchString(name) || anyKey.MatchString(name) && looksMade(value)
}

const longEnough = 16

// looksMade reports whether a text looks as if a machine had made it.
func looksMade(text string) bool {
	return len(text) >= longEnough && madeOf.MatchString(text) && strings.ContainsAny(text, "0123456789") && someLetter.MatchString(text)
}

var (
	madeOf     = lately(`^[A-Za-z0-9+/=_-]+$`)
	someLetter = lately(`[A-Za-z]`)
)
