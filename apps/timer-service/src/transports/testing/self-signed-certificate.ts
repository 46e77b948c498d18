/**
 * A certificate for localhost, hook.example and 127.0.0.1, signed by itself and valid from 2020 to 2120, and its key.
 * Nothing outside the tests trusts it: the key is no secret.
 */
export const certificate = `
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKcdiSBTLbQhJlL/
ZOzOuG4mEpdaXHCzsdOLno1rip/NgoX0DaziIbdQjyDQaAWSf+HbhM8EAAxDk4OL
DXc/8LWjXDBaMCgGA1UdEQQhMB+CCWxvY2FsaG9zdIIMaG9vay5leGFtcGxlhwR/
AAABMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFKk312/ws5Ch3iNb+8Kytyqo
zNMxMAoGCCqGSM49BAMCA0kAMEYCIQCOSqaU0gDC8Dk1KKoBxuMHsXebCxr00vC9
rWgjchHrkgIhAItn5lhU4QUZGgNk0PbiHLp8P9VGToTM/mI6TfXTcGjp
-----END CERTIFICATE-----
`;

export const privateKey = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ8ItrK5qTwCgA0gk
9ZM0MG4cIRuekH1wBg5+og1mpCGhRANCAASnHYkgUy20ISZS/2TszrhuJhKXWlxw
s7HTi56Na4qfzYKF9A2s4iG3UI8g0GgFkn/h24TPBAAMQ5ODiw13P/C1
-----END PRIVATE KEY-----
`;
