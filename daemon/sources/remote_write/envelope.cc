// What a request is wrapped in: headers and compression.
#include <snappy.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/text.h"
#include "sources/remote_write/decode.h"

namespace tocsin::sources::remote_write {

using base::Error;
using base::ErrorCode;

base::Result<Version> negotiate(std::string_view content_type, std::string_view content_encoding) {
  const std::string encoding = base::to_lower(base::trim(content_encoding));
  if (!encoding.empty() && encoding != "snappy") {
    return Error(ErrorCode::kInvalidInput, base::quote(encoding) +
                                               " encoding (compression) is not accepted by this "
                                               "server; only snappy is acceptable");
  }
  const auto parts = base::split(content_type, ';');
  const std::string type = base::to_lower(base::trim(parts.front()));
  if (!type.empty() && type != "application/x-protobuf") {
    return Error(ErrorCode::kInvalidInput,
                 "expected application/x-protobuf as the first (media) part, got " +
                     base::quote(content_type) + " content-type");
  }
  for (const std::string_view part : std::span(parts).subspan(1)) {
    const std::size_t equals = std::min(part.find('='), part.size());
    if (base::to_lower(base::trim(part.substr(0, equals))) != "proto") {
      continue;
    }
    std::string_view proto = base::trim(part.substr(std::min(equals + 1, part.size())));
    if (proto.size() >= 2 && proto.front() == '"' && proto.back() == '"') {
      proto = proto.substr(1, proto.size() - 2);
    }
    if (proto == "prometheus.WriteRequest") {
      return Version::kV1;
    }
    if (proto == "io.prometheus.write.v2.Request") {
      return Version::kV2;
    }
    return Error(ErrorCode::kInvalidInput,
                 "unknown remote write protobuf message " + base::quote(proto));
  }
  return Version::kV1;
}

base::Result<std::string> decompress(std::string_view body, std::size_t max_bytes) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return Error(ErrorCode::kCorrupt, "snappy: corrupt input");
  }
  if (size > max_bytes) {
    return Error(ErrorCode::kLimitExceeded,
                 "the request has more than " + std::to_string(max_bytes) + " bytes");
  }
  std::string message(size, '\0');
  if (!snappy::RawUncompress(body.data(), body.size(), message.data())) {
    return Error(ErrorCode::kCorrupt, "snappy: corrupt input");
  }
  return message;
}

}  // namespace tocsin::sources::remote_write
