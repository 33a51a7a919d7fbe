// The one BIO_METHOD of ours: leads OpenSSL's calls to a Layer.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "layer.h"

namespace lwspool::bio {

// A BIO that has these two for as long as it lives, to be pushed onto `below`. Null where OpenSSL
// has no memory or no number for another kind of BIO.
BIO* makeBio(std::shared_ptr<Layer>, std::shared_ptr<Chain>, BIO* below);
// Null for BIOs that are not ours.
Layer* layerOf(BIO*);

}  // namespace lwspool::bio
