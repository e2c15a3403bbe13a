// SPDX-License-Identifier: Apache-2.0
// The daemon's version, and that of the protocol that it speaks.
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define KANSEN_VERSION          "0.1.0"
#define KANSEN_PROTOCOL_VERSION 1u

#endif
