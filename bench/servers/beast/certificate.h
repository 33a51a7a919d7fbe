#pragma once

#include <openssl/ssl.h>

#include <string>

// Gives the context a new key with a certificate for this machine's loopback names, which is its
// own authority, and writes that to a file unless its path is empty.
void useNewCertificate(SSL_CTX* context, const std::string& path);
