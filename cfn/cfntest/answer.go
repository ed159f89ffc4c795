package cfntest

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"net/http"
)

// failure is an error as AWS answers it
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html).
type failure struct {
	status  int
	code    string
	message string
}

func refusal(status int, code, message string) *failure {
	return &failure{status: status, code: code, message: message}
}

func invalid(message string) *failure {
	return refusal(http.StatusBadRequest, "ValidationError", message)
}

// metadata is part of every answer.
type metadata struct {
	RequestID string `xml:"RequestId"`
}

func answer(w http.ResponseWriter, namespace, action string, result any) {
	id := uuid()
	write(w, http.StatusOK, id, func(e *xml.Encoder) error {
		root := xml.StartElement{Name: xml.Name{Space: namespace, Local: action + "Response"}}
		if err := e.EncodeToken(root); err != nil {
			return err
		}
		if err := e.EncodeElement(result, element(action+"Result")); err != nil {
			return err
		}
		if err := e.EncodeElement(metadata{RequestID: id}, element("ResponseMetadata")); err != nil {
			return err
		}
		return e.EncodeToken(root.End())
	})
}

func answerFailure(w http.ResponseWriter, namespace string, failed *failure) {
	id := uuid()
	kind := "Sender"
	if failed.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	type detail struct{ Type, Code, Message string }
	write(w, failed.status, id, func(e *xml.Encoder) error {
		return e.Encode(struct {
			XMLName   xml.Name
			Error     detail
			RequestID string `xml:"RequestId"`
		}{
			XMLName:   xml.Name{Space: namespace, Local: "ErrorResponse"},
			Error:     detail{Type: kind, Code: failed.code, Message: failed.message},
			RequestID: id,
		})
	})
}

func write(w http.ResponseWriter, status int, id string, encode func(*xml.Encoder) error) {
	var body bytes.Buffer
	encoder := xml.NewEncoder(&body)
	if err := encode(encoder); err != nil {
		panic(err) // our own types always encode
	}
	if err := encoder.Close(); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", id)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a caller that is gone needs no answer
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

func uuid() string {
	text := random(16)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// random returns n random bytes in hex.
func random(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data) // it never fails
	return hex.EncodeToString(data)
}

// The protocol of ECS and SSM
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
const jsonType = "application/x-amz-json-1.1"

// decode reads the body of a call.
func (c call) decode(request any) *failure {
	if err := json.Unmarshal(c.body, request); err != nil {
		return refusal(http.StatusBadRequest, "SerializationException", "")
	}
	return nil
}

func answerJSON(w http.ResponseWriter, result any) { writeJSON(w, http.StatusOK, result) }

func answerJSONFailure(w http.ResponseWriter, failed *failure) {
	status := failed.status
	if status < http.StatusInternalServerError {
		status = http.StatusBadRequest // all that the caller is to blame for
	}
	writeJSON(w, status, map[string]string{"__type": jsonCode(failed.code), "message": failed.message})
}

// jsonCode is what an error of the Query protocol is called here.
func jsonCode(code string) string {
	names := map[string]string{
		"AccessDenied": "AccessDeniedException", "Throttling": "ThrottlingException",
		"InvalidClientTokenId": "UnrecognizedClientException", "ExpiredToken": "ExpiredTokenException",
		"SignatureDoesNotMatch": "InvalidSignatureException", "IncompleteSignature": "IncompleteSignatureException",
		"MissingAuthenticationToken": "MissingAuthenticationTokenException",
	}
	if name, differs := names[code]; differs {
		return name
	}
	return code
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // our own types always encode
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("x-amzn-RequestId", uuid())
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that is gone needs no answer
}
