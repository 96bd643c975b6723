package handlers

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimited_OneAddressHasAFewConnections(t *testing.T) {
	t.Parallel()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := limit(socket, 2)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", socket.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	dial()
	dial()
	first, second := <-accepted, <-accepted
	third := dial()
	_, err = third.Read(make([]byte, 1))
	require.Error(t, err, "it was closed")
	require.NoError(t, first.Close())
	require.Error(t, first.Close(), "closing twice counts once")
	dial()
	fourth := <-accepted
	require.NoError(t, second.Close())
	require.NoError(t, fourth.Close())
	require.Empty(t, l.open)
}
