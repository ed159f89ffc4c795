package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"convox-travis/internal/crash"
)

// mfaCode returns what asks for the code of an AWS profile with MFA, or nil
// where nobody sits at a terminal. The code is good once, so it is echoed.
func (p *program) mfaCode() func(context.Context) (string, error) {
	if !p.typed {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		if p.asking.Load() {
			return "", errAsking // the questions have the terminal
		}
		fmt.Fprint(p.err, "MFA code of the AWS profile: ")
		return p.line(ctx)
	}
}

var errAsking = errors.New("the terminal is taken")

// line reads one line that a person types, or until ctx ends.
func (p *program) line(ctx context.Context) (string, error) {
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		defer crash.Catch()
		text, err := bufio.NewReader(p.in).ReadString('\n')
		typed <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case a := <-typed:
		return a.text, a.err
	}
}
