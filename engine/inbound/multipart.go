package inbound

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"

	"formrail/models/text"
)

// readMultipart reads a form in parts. Parts with a file are refused: there is no place
// for files yet.
func readMultipart(body []byte, boundary string) (map[string]any, error) {
	if boundary == "" {
		return nil, badParts()
	}
	parts, f := multipart.NewReader(bytes.NewReader(body), boundary), newForm()
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f.value()
		}
		if err != nil {
			return nil, badParts()
		}
		if part.FileName() != "" || strings.Contains(strings.ToLower(part.Header.Get("Content-Disposition")), "filename") {
			return nil, problem(Unsupported, text.M("inbound.files", "Files are not taken here."))
		}
		value, err := io.ReadAll(part) // bounded by the body, which lies in memory
		if err != nil || part.FormName() == "" {
			return nil, badParts()
		}
		if err := f.add(part.FormName(), string(value)); err != nil {
			return nil, err
		}
	}
}

func badParts() *Problem {
	return problem(BadBody, text.M("inbound.parts", "The parts of the form cannot be read. Check the boundary in Content-Type."))
}
