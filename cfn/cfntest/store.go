package cfntest

import (
	"net/http"
	"strings"
)

// PublishImage makes AWS publish a newer machine image under a public name in
// Parameter Store
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html).
func (s *Server) PublishImage(region, name, image string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public[region+" "+name] = image
}

func (s *Server) put(where place, name, value string) {
	if s.stored[where] == nil {
		s.stored[where] = make(map[string]string)
	}
	s.stored[where][name] = value
}

// fetch reads Parameter Store. Public names have an image before one is
// published. The caller holds s.mu.
func (s *Server) fetch(where place, name string) (string, bool) {
	if strings.HasPrefix(name, "/aws/service/") {
		if image, published := s.public[where.region+" "+name]; published {
			return image, true
		}
		return "ami-" + hash([]byte(where.region + name))[:17], true
	}
	value, found := s.stored[where][name]
	return value, found
}

// resolve reads what the SSM-typed parameters among values point at. The
// caller holds s.mu.
func (s *Server) resolve(where place, one *stack, values map[string]string) map[string]string {
	resolved := make(map[string]string)
	for _, p := range one.declared() {
		if value, has := values[p.Key]; has && p.isFromStore() {
			resolved[p.Key], _ = s.fetch(where, value)
		}
	}
	return resolved
}

func getParameter(s *Server, c call) (any, *failure) {
	var request struct{ Name string }
	if failed := c.decode(&request); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.fetch(c.place(), request.Name)
	if !found {
		return nil, refusal(http.StatusBadRequest, "ParameterNotFound", "")
	}
	name := strings.TrimPrefix(request.Name, "/")
	return map[string]any{"Parameter": map[string]any{
		"Name": request.Name, "Type": "String", "Value": value, "Version": 1, "DataType": "text",
		"ARN": "arn:" + partition(c.region) + ":ssm:" + c.region + ":" + c.caller.account + ":parameter/" + name,
	}}, nil
}
