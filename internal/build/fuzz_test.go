package build

import (
	"context"
	"testing"
	"time"
)

func FuzzNoFilePanicsOrHangs(f *testing.F) {
	for _, c := range jobCases {
		f.Add([]byte(c.text))
	}
	for _, text := range hostile() {
		if len(text) < 10_000 {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		config, err := Parse(ctx, text)
		for _, event := range oracleEvents {
			if err != nil {
				break
			}
			var build *Build
			build, err = config.Build(ctx, event)
			if err == nil && len(build.Jobs) == 0 && build.Reason == "" {
				t.Error("no job, and no reason")
			}
		}
		if spent := time.Since(start); spent > 3*time.Second {
			t.Errorf("took %s", spent)
		}
	})
}
