package transport

import (
	"errors"
	"io"
)

// ErrTooLarge means that an answer went on past its bound.
var ErrTooLarge = errors.New("the answer is larger than any real one")

// ReadBody reads a whole answer of at most limit bytes.
func ReadBody(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, ErrTooLarge
	}
	return data, nil
}
