//go:build !race

// They measure. In the fuzz targets the race detector watches most of these texts.

package build

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestAHostileFileEndsSoon(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			config, err := Parse(context.Background(), []byte(text))
			if err == nil {
				_, err = config.Build(context.Background(), pushToMain)
			}
			if spent := time.Since(start); spent > time.Minute {
				t.Errorf("took %s (%v)", spent, err)
			}
			t.Log(time.Since(start), err)
		})
	}
}

func TestAHostileConditionEndsSoon(t *testing.T) {
	start := time.Now()
	for _, condition := range []string{
		strings.Repeat("(", 1<<20), strings.Repeat("not ", 1<<18) + "a", strings.Repeat("a or ", 1<<18) + "a",
		"env" + strings.Repeat("(env", 1<<18), strings.Repeat("concat(", 1<<18),
		"commit_message =~ /^(a+)+$/",
	} {
		event := Event{Type: Push, CommitMessage: strings.Repeat("a", 5000) + "b"}
		accepts(condition, &event, nil)
	}
	if spent := time.Since(start); spent > time.Minute {
		t.Errorf("took %s", spent)
	}
}
