package travisyml

import (
	"slices"
	"strings"

	"convox-travis/internal/secret"

	"go.yaml.in/yaml/v3"
)

// secretKeys are what Travis wants encrypted: the keys that are "secure", and
// strictly so, in deploy, addons, notifications and vault
// (https://github.com/travis-ci/travis-yml/tree/master/lib/travis/yml/schema/def).
var secretKeys = []string{
	"access_key", "api_key", "api_token", "channel_key", "github_token", "nickserv_password", "oauth_token", "oauth_token_secret",
	"passphrase", "password", "redeployment_hook", "repo_token", "secret", "secret_access_key", "token",
}

// secretLists are notifications whose entries have the token in them, such as
// "team:token#channel"
// (https://docs.travis-ci.com/user/notifications/#configuring-slack-notifications).
var secretLists = []string{"slack", "hipchat", "campfire", "flowdock"}

// secretKeys finds secrets in clear under the keys of the file and its jobs.
func (d *Document) secretKeys() []Secret {
	k := &keySecrets{seen: make(map[*yaml.Node]bool)}
	for _, each := range append([]listed{{node: d.root}}, jobsOf(d.root)...) {
		before := ""
		if each.place != "" {
			before = each.place + "."
		}
		for _, key := range []string{"deploy", "addons", "notifications", "vault"} {
			k.look(before+key, lookup(each.node, key))
		}
	}
	return k.all
}

type keySecrets struct {
	all  []Secret
	seen map[*yaml.Node]bool
}

// look goes through what is under a key.
func (k *keySecrets) look(place string, node *yaml.Node) {
	if node == nil || k.seen[node] {
		return
	}
	k.seen[node] = true
	convox := firstValue(lookup(node, "provider")) == "convox"
	for _, item := range items(node) {
		if item != node {
			k.look(place, item)
		}
	}
	for _, pair := range pairsOf(node) {
		name := keyName(pair.key)
		switch {
		case slices.Contains(secretKeys, name):
			k.values(place+"."+name, pair.value, convox && name == "password")
		case strings.HasSuffix(place, "notifications") && slices.Contains(secretLists, name):
			k.tokens(place+"."+name, pair.value)
			k.look(place+"."+name, pair.value)
		default:
			k.look(place+"."+name, pair.value)
		}
	}
}

// values are what a key has: a value, or one for each of some branches.
func (k *keySecrets) values(place string, node *yaml.Node, convox bool) {
	for _, item := range items(node) {
		for _, pair := range pairsOf(item) {
			if pair.key.Value != "secure" && pair.value.Kind == yaml.ScalarNode {
				k.value(place, pair.value, pair.value.Value, convox)
			}
		}
		if item.Kind == yaml.ScalarNode {
			k.value(place, item, item.Value, convox)
		}
	}
}

func (k *keySecrets) value(place string, node *yaml.Node, text string, convox bool) {
	in := literal(text, strings.Contains(text, "$"))
	if k.seen[node] || len(in) < fewLetters || isPlace.MatchString(in) || isDummy(place, in) {
		return
	}
	k.seen[node] = true
	found := Secret{Name: place, Line: node.Line, Value: secret.New(node.Value), Key: true}
	if convox {
		found.Password = found.Value
	}
	k.all = append(k.all, found)
}

// tokens are those in the entries of a notification.
func (k *keySecrets) tokens(place string, node *yaml.Node) {
	rooms := node
	if under := lookup(node, "rooms"); under != nil {
		rooms = under
	}
	for _, item := range items(rooms) {
		if item.Kind != yaml.ScalarNode {
			continue
		}
		token, _, _ := strings.Cut(item.Value, "#")
		token, _, _ = strings.Cut(token, "@")
		token = token[strings.LastIndex(token, ":")+1:]
		if len(token) >= longEnough && madeOf.MatchString(token) {
			k.value(place, item, token, false)
		}
	}
}
