/**
 * A key and a certificate for "localhost" and 127.0.0.1, signed by itself, valid until 2126: for tests of
 * TLS without any program to make one. It protects nothing and is known to everybody.
 */

/** PEM of the private key. */
export const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgte75ljEiiBzxOXEI
WZE/vKxZnzIEzo1kjp39REFhkryhRANCAAReLs1rfCF5sea0S7ndymZbOXAXv+SA
FgA7i7nPxQw0zKfIAz1wvsBoRQ3fDhASg3xjJ19ovb/abA1M1acseg4J
-----END PRIVATE KEY-----
`;

/** PEM of the certificate, which is its own authority. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUHwqHpA8TMbMQpq263Z3QSNzpiGEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE1MDQyMVoYDzIxMjYxMDI5
MTUwNDIxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAReLs1rfCF5sea0S7ndymZbOXAXv+SAFgA7i7nPxQw0zKfIAz1wvsBo
RQ3fDhASg3xjJ19ovb/abA1M1acseg4Jo28wbTAdBgNVHQ4EFgQU0FPNuHpb6hfS
yq/z0rqh9D1o5ZMwHwYDVR0jBBgwFoAU0FPNuHpb6hfSyq/z0rqh9D1o5ZMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAI8IKrPGxxxRO4M592JErmvw9v0bwxn9E3D69BAMLQi7AiBK
XFG1haLsMVKYVqon840/wDBExmpDg1/NpwYoe9D2Qw==
-----END CERTIFICATE-----
`;
