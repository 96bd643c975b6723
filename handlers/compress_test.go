package handlers_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestAnswers_AreCompressedForThoseWhoReadIt(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	token := app.SignInToken(app.Person("ana", "designer"))
	plain := app.API(token).With("Accept-Encoding", "identity").Get("/api/openapi.json").Want(200)
	require.Empty(t, plain.Header.Get("Content-Encoding"))
	zipped := app.API(token).With("Accept-Encoding", "gzip, br").Get("/api/openapi.json").Want(200)
	require.Equal(t, "gzip", zipped.Header.Get("Content-Encoding"))
	require.Contains(t, zipped.Header.Get("Vary"), "Accept-Encoding")
	require.Less(t, len(zipped.Body), len(plain.Body)/3)
	unzip, err := gzip.NewReader(bytes.NewReader(zipped.Body))
	require.NoError(t, err)
	same, err := io.ReadAll(unzip)
	require.NoError(t, err)
	require.Equal(t, string(plain.Body), string(same))
}
