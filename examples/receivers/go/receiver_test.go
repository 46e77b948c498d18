package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"testing"
)

// The signed messages of the contract.
const vectorsFile = "../../../libs/callback-types/fixtures/signatures.json"

func TestVectors(t *testing.T) {
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name       string
		Secrets    []string
		Now        int64
		Headers    map[string]string
		BodyBase64 string `json:"body_base64"`
		Result     string
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) <= 40 {
		t.Fatal(len(vectors), err)
	}
	for _, vector := range vectors {
		t.Run(vector.Name, func(t *testing.T) {
			body, _ := base64.StdEncoding.DecodeString(vector.BodyBase64)
			header := http.Header{}
			for name, value := range vector.Headers {
				header.Set(name, value)
			}
			accepted := isAuthentic(header, body, vector.Secrets, vector.Now)
			if accepted != (vector.Result == "accepted") {
				t.Errorf("accepted: %v, expected %s", accepted, vector.Result)
			}
		})
	}
}

func TestEmptySecret(t *testing.T) {
	mac := hmac.New(sha256.New, nil)
	mac.Write([]byte("a.1000000000."))
	header := http.Header{}
	header.Set("webhook-id", "a")
	header.Set("webhook-timestamp", "1000000000")
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if isAuthentic(header, nil, []string{""}, 1000000000) {
		t.Error("a message that anyone can sign is accepted")
	}
}
