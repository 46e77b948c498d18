// Receives callbacks: verifies the signature, drops duplicates. Needs only the standard library.
//
//	SIGNING_SECRETS=whsec_… PORT=8090 go run .
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const toleranceSeconds, maxBodyBytes = 300, 4 << 20

var secrets = strings.Split(os.Getenv("SIGNING_SECRETS"), ",")
var handled, mutex = map[string]bool{}, sync.Mutex{} // a real service keeps the ids in its database

// isAuthentic reports whether one of the secrets signed this message in the last five minutes (Standard Webhooks).
func isAuthentic(header http.Header, body []byte, secrets []string, now int64) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	signatures := strings.Split(header.Get("webhook-signature"), " ")
	sent, _ := strconv.ParseInt(timestamp, 10, 64)
	isRecent := strconv.FormatInt(sent, 10) == timestamp && max(now-sent, sent-now) <= toleranceSeconds
	if id == "" || !isRecent || len(signatures) > 32 {
		return false
	}
	authentic := false
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		mac := hmac.New(sha256.New, key)
		mac.Write(append([]byte(id+"."+timestamp+"."), body...))
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, signature := range signatures {
			authentic = authentic || err == nil && len(key) > 0 && hmac.Equal([]byte(signature), []byte(expected))
		}
	}
	return authentic
}

func receive(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxBodyBytes))
	if err != nil || !isAuthentic(request.Header, body, secrets, time.Now().Unix()) {
		response.WriteHeader(http.StatusUnauthorized)
		return
	}
	mutex.Lock()
	defer mutex.Unlock()
	if id := request.Header.Get("webhook-id"); !handled[id] {
		fmt.Println(id, string(body)) // the work; on an error, respond with 500: it is tried again later
		handled[id] = true
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := http.Server{Handler: http.HandlerFunc(receive), ReadTimeout: 30 * time.Second}
	panic(server.Serve(listener))
}
