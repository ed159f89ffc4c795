package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name string // with slashes
	text []byte
	runs bool // whether it is a program
}

func (e entry) mode() fs.FileMode {
	if e.runs {
		return 0o755
	}
	return 0o644
}

// pack makes and names the archive in the usual format of t's system. All entries are in
// a folder of its name, sorted, and have the same date.
func pack(t target, name string, content []entry, date time.Time) (file string, archive []byte, err error) {
	content, date = slices.Clone(content), date.UTC() // a zip's time has no zone
	slices.SortFunc(content, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for i := range content {
		content[i].name = path.Join(name, content[i].name)
	}
	if t.system == "windows" {
		archive, err = zipped(content, date)
		return name + ".zip", archive, err
	}
	archive, err = tarred(content, date)
	return name + ".tar.gz", archive, err
}

func tarred(content []entry, date time.Time) ([]byte, error) {
	var out bytes.Buffer
	squeezed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(squeezed)
	for _, e := range content {
		err := w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.text)), Mode: int64(e.mode()), ModTime: date, Format: tar.FormatPAX,
		})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := squeezed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func zipped(content []entry, date time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range content {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: date}
		header.SetMode(e.mode())
		file, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(e.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
