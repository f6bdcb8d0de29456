/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_tlvs: the values behind the addresses of a PROXY header of version 2: type, length, value. See
 * proxy_protocol.h.
 */
#include "config.h"

#include "proto/frame.h"
#include "proto/proxy_protocol.h"

#include <stdlib.h>
#include <string.h>

enum { TLV_FIXED = 3, TLS_FIXED = 5 };

enum tlv_type {
    TLV_ALPN = 0x01,
    TLV_AUTHORITY = 0x02,
    TLV_UNIQUE_ID = 0x05,
    TLV_TLS = 0x20,
    TLV_TLS_VERSION = 0x21,
    TLV_TLS_COMMON_NAME = 0x22,
    TLV_TLS_CIPHER = 0x23
};

/* Bits of the first byte of TLV_TLS. The session's is set with the connection's: there is no resumption here. */
enum { TLS_USED = 0x01, TLS_CERTIFICATE_CONNECTION = 0x02, TLS_CERTIFICATE_SESSION = 0x04 };

/* ---- writing ---- */

struct writer {
    uint8_t *bytes;
    size_t size, length;
};

static void write_tlv(struct writer *writer, enum tlv_type type, size_t most, const struct proxy_value *value) {
    if (value->length == 0 || value->length > most || writer->size - writer->length < TLV_FIXED + value->length)
        return;
    uint8_t *at = writer->bytes + writer->length;
    at[0] = (uint8_t)type;
    frame_put_number(at + 1, value->length, 2);
    memcpy(at + TLV_FIXED, value->bytes, value->length);
    writer->length += TLV_FIXED + value->length;
}

static void write_tls(struct writer *writer, const struct proxy_tls *tls) {
    uint8_t bytes[TLS_FIXED + 3 * (TLV_FIXED + PROXY_TLS_TEXT_MAX)];
    struct writer inner = {.bytes = bytes, .size = sizeof bytes, .length = TLS_FIXED};
    if (!tls->is_used)
        return;
    bytes[0] = TLS_USED | (tls->has_certificate ? TLS_CERTIFICATE_CONNECTION | TLS_CERTIFICATE_SESSION : 0);
    frame_put_number(bytes + 1, tls->is_verified ? 0 : 1, 4);
    write_tlv(&inner, TLV_TLS_VERSION, PROXY_TLS_TEXT_MAX, &tls->version);
    write_tlv(&inner, TLV_TLS_COMMON_NAME, PROXY_TLS_TEXT_MAX, &tls->common_name);
    write_tlv(&inner, TLV_TLS_CIPHER, PROXY_TLS_TEXT_MAX, &tls->cipher);
    write_tlv(writer, TLV_TLS, sizeof bytes, &(struct proxy_value){bytes, inner.length});
}

size_t proxy_write_tlvs(uint8_t *bytes, size_t size, const struct proxy_header *header) {
    struct writer writer = {.bytes = bytes, .size = size};
    write_tlv(&writer, TLV_UNIQUE_ID, PROXY_UNIQUE_ID_MAX, &header->unique_id);
    write_tlv(&writer, TLV_AUTHORITY, PROXY_AUTHORITY_MAX, &header->authority);
    write_tls(&writer, &header->tls);
    write_tlv(&writer, TLV_ALPN, PROXY_ALPN_MAX, &header->alpn);
    return writer.length;
}

struct proxy_tlvs *proxy_tlvs_new(const struct proxy_header *header) {
    struct proxy_tlvs *tlvs = malloc(sizeof *tlvs);
    struct proxy_header others = *header;
    if (!tlvs)
        return NULL;
    others.unique_id = (struct proxy_value){NULL, 0};
    tlvs->length = proxy_write_tlvs(tlvs->bytes, sizeof tlvs->bytes, &others);
    return tlvs;
}

/* ---- reading ---- */

struct tlv {
    unsigned type;
    struct proxy_value value;
};

/* Takes the first TLV off `rest`. 1: there was one; 0: there is nothing; -1 with `error`. */
static int take_tlv(struct tlv *tlv, struct proxy_value *rest, struct error *error) {
    if (rest->length == 0)
        return 0;
    if (rest->length < TLV_FIXED)
        return error_set(error, "a TLV ends within its length");
    *tlv = (struct tlv){rest->bytes[0], {rest->bytes + TLV_FIXED, (size_t)frame_get_number(rest->bytes + 1, 2)}};
    if (tlv->value.length > rest->length - TLV_FIXED)
        return error_set(error, "TLV 0x%02x is longer than what holds it", tlv->type);
    rest->bytes += TLV_FIXED + tlv->value.length;
    rest->length -= TLV_FIXED + tlv->value.length;
    return 1;
}

static void keep(struct proxy_value *value, const struct proxy_value *found, size_t most) {
    if (!value->bytes && found->length <= most)
        *value = *found;
}

static void take_tls_value(struct proxy_tls *tls, const struct tlv *tlv) {
    if (tlv->type == TLV_TLS_VERSION)
        keep(&tls->version, &tlv->value, PROXY_TLS_TEXT_MAX);
    else if (tlv->type == TLV_TLS_COMMON_NAME)
        keep(&tls->common_name, &tlv->value, PROXY_TLS_TEXT_MAX);
    else if (tlv->type == TLV_TLS_CIPHER)
        keep(&tls->cipher, &tlv->value, PROXY_TLS_TEXT_MAX);
}

static int read_tls(struct proxy_tls *tls, const struct proxy_value *value, struct error *error) {
    struct tlv tlv;
    int found;
    if (value->length < TLS_FIXED)
        return error_set(error, "the TLV of TLS has %zu bytes instead of %d at least", value->length, TLS_FIXED);
    struct proxy_value rest = {value->bytes + TLS_FIXED, value->length - TLS_FIXED};
    struct proxy_tls read = {.is_used = value->bytes[0] & TLS_USED,
                             .has_certificate = value->bytes[0] & TLS_CERTIFICATE_SESSION};
    read.is_verified = read.has_certificate && frame_get_number(value->bytes + 1, 4) == 0;
    while ((found = take_tlv(&tlv, &rest, error)) > 0)
        take_tls_value(&read, &tlv);
    if (found == 0 && !tls->is_used)
        *tls = read;
    return found;
}

int proxy_read_tlvs(struct proxy_header *header, const uint8_t *bytes, size_t length, struct error *error) {
    struct proxy_value rest = {bytes, length};
    struct tlv tlv;
    int found;
    while ((found = take_tlv(&tlv, &rest, error)) > 0) {
        if (tlv.type == TLV_AUTHORITY)
            keep(&header->authority, &tlv.value, PROXY_AUTHORITY_MAX);
        else if (tlv.type == TLV_ALPN)
            keep(&header->alpn, &tlv.value, PROXY_ALPN_MAX);
        else if (tlv.type == TLV_UNIQUE_ID)
            keep(&header->unique_id, &tlv.value, PROXY_UNIQUE_ID_MAX);
        else if (tlv.type == TLV_TLS && read_tls(&header->tls, &tlv.value, error))
            return -1;
    }
    return found;
}
