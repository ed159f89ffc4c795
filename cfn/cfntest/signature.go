package cfntest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	dateFormat = "20060102T150405Z"
	drift      = 15 * time.Minute // how far a client's clock may be away
)

// signed is a signature, version 4, as a request carries it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
// It is verified with the standard library alone, so that it also checks the
// SDK's own signer.
type signed struct {
	keyID, day, region, service string
	headers                     []string // in lower case, sorted
	signature                   string
	date                        string
}

func parseAuthorization(r *http.Request) (signed, *failure) {
	text := r.Header.Get("Authorization")
	if text == "" {
		return signed{}, refusal(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	rest, found := strings.CutPrefix(text, algorithm+" ")
	fields := make(map[string]string)
	for _, field := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	s := signed{headers: strings.Split(fields["SignedHeaders"], ";"), signature: fields["Signature"], date: r.Header.Get("X-Amz-Date")}
	scope := strings.Split(fields["Credential"], "/")
	if !found || len(scope) != 5 || !slices.IsSorted(s.headers) || !slices.Contains(s.headers, "host") {
		return signed{}, refusal(http.StatusBadRequest, "IncompleteSignature", "Authorization header requires a sorted list of signed headers with 'host', and a credential of 5 elements")
	}
	s.keyID, s.day, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	return s, nil
}

// verify signs the request again and compares.
func (s signed) verify(r *http.Request, body []byte, secret string, now time.Time) *failure {
	mismatch := func(why string) *failure {
		return refusal(http.StatusForbidden, "SignatureDoesNotMatch", why)
	}
	date, err := time.Parse(dateFormat, s.date)
	if err != nil || !strings.HasPrefix(s.date, s.day+"T") || now.Sub(date).Abs() > drift {
		return mismatch("Signature expired: " + s.date + " is now earlier than " + now.Add(-drift).UTC().Format(dateFormat))
	}
	const wrong = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	signature, err := hex.DecodeString(s.signature)
	if err != nil || !hmac.Equal(signature, s.sign(s.canonical(r, body), secret)) {
		return mismatch(wrong)
	}
	return nil
}

func (s signed) canonical(r *http.Request, body []byte) string {
	lines := []string{r.Method, "/", ""}
	for _, name := range s.headers {
		lines = append(lines, name+":"+headerValue(r, name))
	}
	return strings.Join(append(lines, "", strings.Join(s.headers, ";"), hash(body)), "\n")
}

// headerValue knows the two headers that Go keeps elsewhere.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	var values []string
	for _, value := range r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(value), " "))
	}
	return strings.Join(values, ",")
}

func (s signed) sign(canonical, secret string) []byte {
	scope := strings.Join([]string{s.day, s.region, s.service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, s.date, scope, hash([]byte(canonical))}, "\n")
	sum := []byte("AWS4" + secret)
	for _, part := range []string{s.day, s.region, s.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, sum)
		_, _ = mac.Write([]byte(part)) // a hash takes everything
		sum = mac.Sum(nil)
	}
	return sum
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
