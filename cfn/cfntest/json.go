package cfntest

import (
	"encoding/json"
	"net/http"
)

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
