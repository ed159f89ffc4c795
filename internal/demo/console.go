package demo

import (
	"crypto/rand"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
)

// fillConsole makes two organizations. The deploy key belongs to the first; a person in
// both has their own key.
func (w *World) fillConsole() {
	apps := []convoxtest.App{{Name: "web", Status: "running"}, {Name: "api", Status: "running"}, {Name: "worker", Status: "running"}}
	for _, rack := range []convox.Rack{
		{Organization: "acme", Name: rackName, Status: "running", Provider: "aws", Region: homeRegion, Version: "20240301100215"},
		{Organization: "acme", Name: "staging", Status: "running", Provider: "aws", Region: "eu-west-1", Version: "20210203095712"},
		{Organization: "acme", Name: "edge", Status: "updating", Provider: "gcp", Region: "europe-west4", Version: "3.18.2"},
		{Organization: "globex", Name: rackName, Status: "running", Provider: "do", Region: "ams3", Version: "3.18.2"},
	} {
		w.Console.AddRack(rack, apps...)
	}
	w.Console.AddKey(convoxtest.Key{Value: w.deployKey, Organizations: []string{"acme"}})
	w.Console.AddKey(convoxtest.Key{Value: rand.Text(), Person: "ann", Organizations: []string{"acme", "globex"}})
}
