package setup

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// DeployStep is a deployment with Convox to add to .travis.yml.
type DeployStep struct {
	build.Target
	Console bool
	// Form is "deploy" or "after_success"; "" chooses the one that fits the file.
	Form string
	// Manifest and BeforePromote are those of a travisyml.Step, or "".
	Manifest, BeforePromote string
}

// The forms of a step, by their keys in .travis.yml.
const (
	FormDeploy       = "deploy"        // a failure fails the build
	FormAfterSuccess = "after_success" // a failure doesn't fail the build
)

// CodeEnvironment marks a Warning about another deployment of the file, which stays.
const CodeEnvironment = "yml_other_deploy"

// FileRequest says what .travis.yml should have.
type FileRequest struct {
	Step   DeployStep
	NoStep bool // if nil, no step is added, and only its target counts
	Secure []travisyml.Secure
}

// FileChange is what would be added to a file. Making one only reads.
type FileChange struct {
	File travisyml.File
	New  string // the whole text
	// Found is where the file already deploys the same, such as "after_success, line 12";
	// "" is nowhere.
	Found string
	Form  string // of the added step, "" if none is added
	// ToPaste is what a person has to add to New, because it can't be added
	// automatically.
	ToPaste []*travisyml.Refusal
	// Warnings are about side effects of the step, and Notes about other deploys and what
	// can't be played.
	Warnings, Notes []Warning
	// Builds are what builds do with New.
	Builds Builds

	others []string // other branches that deploy
}

// Changed reports whether there is anything to write.
func (c FileChange) Changed() bool { return c.New != c.File.Text }

// Sentence says what a push to the branch deploys once New is written, or "" without a
// file.
func (c FileChange) Sentence() string {
	if c.Changed() {
		return c.Builds.Sentence("then ", c.others...)
	}
	return c.Builds.Sentence("", c.others...)
}

// lineBefore is the line in the original file of a line of New, or 0.
func (c FileChange) lineBefore(line int) int {
	before, old := 0, strings.Split(c.File.Text, "\n")
	for i, text := range strings.Split(c.New, "\n") {
		if before < len(old) && text == old[before] {
			before++
		}
		if i+1 == line {
			return before
		}
	}
	return line
}

// Write writes the file. It never commits. The error is travisyml's.
func (c FileChange) Write() error {
	if !c.Changed() {
		return nil
	}
	return c.File.Write(c.New)
}

// PlanFile finds out what to add to a file. The errors are travisyml's, that of PlayFile,
// and that of ctx. With a travisyml.Refusal, if something can't be added without changing
// a line, and with travisyml.CodeStep, the change is what can be added; the Refusal is
// the first of ToPaste.
func PlanFile(ctx context.Context, player build.Player, file travisyml.File, request FileRequest) (FileChange, error) {
	change := FileChange{File: file, New: file.Text}
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return change, err
	}
	secureRefused := false
	if len(request.Secure) > 0 {
		added, err := document.AddSecure(request.Secure...)
		if secureRefused = change.refused(err); err != nil && !secureRefused {
			return change, err
		}
		if err == nil {
			change.New = added.New
			if document, err = travisyml.Parse(added.New); err != nil {
				return change, err
			}
		}
	}
	var noStep error
	if !request.NoStep {
		err := change.addStep(ctx, player, document, request.Step)
		if problem.Has(err, travisyml.CodeStep) {
			noStep = err
		} else if err != nil && !change.refused(err) {
			return change, err
		}
	}
	if secureRefused && change.Changed() { // by the step, which may have moved lines
		if document, err = travisyml.Parse(change.New); err != nil {
			return change, err
		}
		change.ToPaste = nil
		if _, err := document.AddSecure(request.Secure...); !change.refused(err) {
			return change, err
		}
	}
	after := file
	if change.Changed() {
		after.Text, after.Missing = change.New, false
	}
	change.Builds.Target = request.Step.Target
	if change.Builds.config != nil {
		err = change.Builds.play(ctx, player, after)
	} else {
		change.Builds, err = PlayFile(ctx, player, after, request.Step.Target)
	}
	if err != nil {
		return change, err
	}
	found := change.Builds.own(pushed)
	if change.Form != "" && len(found) > 1 { // in a folder whose .convox/app names the app
		request.NoStep = true
		if change, err = PlanFile(ctx, player, file, request); err == nil {
			change.Found = change.Builds.Found()
		}
		return change, err
	}
	switch {
	case change.Found != "":
		change.Warnings = change.Builds.Warnings(!request.Step.Console, change.lineBefore)
		change.compareFound(request.Step)
	case !request.NoStep:
		change.noteUnseen()
		if change.Form != "" {
			change.checkManifest(ctx, request.Step)
		}
	}
	if len(change.ToPaste) > 0 {
		return change, change.ToPaste[0].Problem()
	}
	return change, noStep
}

// refused stores a refusal, if err is one.
func (c *FileChange) refused(err error) bool {
	refusal, is := problem.Detail[*travisyml.Refusal](err)
	if is {
		c.ToPaste = append(c.ToPaste, refusal)
	}
	return is
}

// addStep adds the step to a document that already has the other additions.
func (c *FileChange) addStep(ctx context.Context, player build.Player, document *travisyml.Document, wanted DeployStep) error {
	added, err := document.AddStep(ctx, player, wanted.Target, wanted.step())
	if refusal, refused := problem.Detail[*travisyml.Refusal](err); refused {
		c.warn(document, refusal.Place)
	}
	if err != nil {
		return err
	}
	for _, other := range added.Environments {
		isFound := func(e travisyml.Environment) bool {
			return e.Line == other.Line && e.App == other.App && e.Rack == other.Rack
		}
		if slices.ContainsFunc(added.Found, isFound) { // the warnings name its builds
			continue
		}
		c.Notes = append(c.Notes, Warning{Code: CodeEnvironment, Message: other.String()})
		if other.IsBranch() && other.From != wanted.Branch && !slices.Contains(c.others, other.From) {
			c.others = append(c.others, other.From)
		}
	}
	for _, note := range added.Notes {
		c.Notes = append(c.Notes, Warning{Code: note.Code, Message: note.Message})
	}
	c.New, c.Builds.config, c.Builds.Outcomes = added.New, added.Config, added.Outcomes
	if len(added.Found) > 0 {
		c.Found = added.Found[0].At()
		return nil
	}
	c.warn(document, added.Place)
	c.Form = added.Form.String()
	return nil
}

func (s DeployStep) step() travisyml.Step {
	step := travisyml.Step{
		App: s.App, Rack: s.Rack, Branch: s.Branch, Generation: travisyml.SecondGeneration,
		Manifest: s.Manifest, BeforePromote: s.BeforePromote,
	}
	if s.Console {
		step.Generation = travisyml.ThirdGeneration
	}
	switch s.Form {
	case FormDeploy:
		step.Form = travisyml.DeployScript
	case FormAfterSuccess:
		step.Form = travisyml.AfterSuccess
	}
	return step
}

// padding is the overhead of PKCS #1 v1.5, in bytes
// (https://www.rfc-editor.org/rfc/rfc8017#section-7.2).
const padding = 11

// longestKey limits a key, in bits: Travis makes 4096, and the time for a key grows with
// the square of its length.
const longestKey = 16384

// CodeShortKey marks the Error for a key that is too short for a variable.
const CodeShortKey = "short_key"

// Encrypt makes the content of a "secure:" item in .travis.yml
// (https://docs.travis-ci.com/user/encryption-keys/): NAME=VALUE, with the value quoted
// for Bash, encrypted with the repository's own key, in base64. Only builds of this
// repository can read it. The error is a problem.Error.
func Encrypt(key travisapi.Key, name string, value secret.String) (string, error) {
	public, err := publicKey(key.PEM)
	if err != nil {
		return "", err
	}
	text := []byte(name + "=" + quoteForTravis(value).Reveal())
	defer clear(text)
	if most := public.Size() - padding; len(text) > most {
		return "", &problem.Error{
			Code:   CodeShortKey,
			Action: "encrypt", Object: name, Reason: fmt.Sprintf("the repository's key has %d bits, so it encrypts at most %d bytes, and this is %d", public.N.BitLen(), most, len(text)),
			Hints: []string{"write it to the repository's settings instead, which have no such limit"},
		}
	}
	//lint:ignore SA1019 Travis reads nothing else
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, text)
	if err != nil {
		return "", badKey() // the cause says nothing useful about the key
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// publicKey reads a key from Travis, in PKIX or PKCS #1.
func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, badKey()
	}
	public, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		key, _ := x509.ParsePKIXPublicKey(block.Bytes) // nil is no key
		public, _ = key.(*rsa.PublicKey)
	}
	if public == nil || public.N.BitLen() > longestKey {
		return nil, badKey()
	}
	return public, nil
}

func badKey() error {
	return &problem.Error{
		Code: "bad_key", Reason: "the key that Travis returned for the repository can't be used",
		Hints: []string{"write the variables to the repository's settings instead"},
	}
}

// Placeholder is the text of Placeholders.
const Placeholder = "madeWhenItIsWritten"

// Placeholders stand for the variables before they are encrypted.
func Placeholders() []travisyml.Secure {
	return []travisyml.Secure{{Name: HostName, Text: Placeholder}, {Name: PasswordName, Text: Placeholder}}
}

// MissingSecure returns placeholders for the variables that a file doesn't have encrypted
// by this program. The error is travisyml's, for a file that can't be parsed.
func MissingSecure(file travisyml.File) ([]travisyml.Secure, error) {
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return nil, err
	}
	there := document.OurSecure()
	return slices.DeleteFunc(Placeholders(), func(s travisyml.Secure) bool { return slices.Contains(there, s.Name) }), nil
}

// EncryptPair encrypts both variables.
func EncryptPair(key travisapi.Key, c Credential) ([]travisyml.Secure, error) {
	var all []travisyml.Secure
	for _, v := range []struct {
		name  string
		value secret.String
	}{{HostName, secret.New(c.Host.String())}, {PasswordName, c.Password}} {
		text, err := Encrypt(key, v.name, v.value)
		if err != nil {
			return nil, err
		}
		all = append(all, travisyml.Secure{Name: v.name, Text: text})
	}
	return all, nil
}
