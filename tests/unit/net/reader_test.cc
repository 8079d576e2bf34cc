#include <gtest/gtest.h>

#include "net/growth.h"
#include "net/gzip.h"
#include "net/request_reader.h"
#include "net/response_reader.h"
#include "net/response_writer.h"

namespace tocsin::net {
namespace {

using base::ErrorCode;

/// Feeds `bytes` in pieces of `step`, then the end of the stream; "200 body" or the error's name.
std::string read_answer(std::string_view bytes, std::size_t step, std::size_t limit = 0,
                        bool head = false) {
  ResponseReader reader(head, limit);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const base::Result<bool> fed = reader.feed(bytes.substr(at, step));
    if (!fed) {
      return std::string(base::to_string(fed.error().code()));
    }
    if (*fed) {
      const bool reusable = reader.reusable();
      const HttpResponse response = reader.take();
      return std::to_string(response.status) + (reusable ? " keep " : " close ") + response.body;
    }
  }
  const base::Status ended = reader.end_of_stream();
  if (!ended) {
    return std::string(base::to_string(ended.error().code()));
  }
  return "end " + reader.take().body;
}

struct AnswerCase {
  std::string bytes;
  std::string expected;
};

TEST(ResponseReader, ReadsEveryFramingInPiecesOfAnySize) {
  const std::string zipped = gzip("hello");
  const std::vector<AnswerCase> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 keep hello"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "204 keep "},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", "200 close hi"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 close hi"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
       "200 keep hello"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "end until the end"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
       "200 keep hi"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
           std::to_string(zipped.size()) + "\r\n\r\n" + zipped,
       "200 keep hello"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped + zipped, "end hellohello"},
      {"", "unavailable"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhello", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "corrupt"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", "corrupt"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all", "corrupt"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped.substr(0, zipped.size() - 3),
       "corrupt"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "corrupt"},
      {std::string("\0\1\2\3garbage", 11), "corrupt"},
  };
  for (const AnswerCase& test : cases) {
    for (const std::size_t step : {1U, 2U, 7U, 100'000U}) {
      EXPECT_EQ(read_answer(test.bytes, step), test.expected) << test.bytes << " by " << step;
    }
  }
}

TEST(ResponseReader, ForgivesWhatServersAreForgiven) {
  const std::vector<AnswerCase> cases = {
      {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", "200 keep hi"},
      {"HTTP/1.0 404\r\n\r\ngone", "end gone"},
      {"HTTP/1.1 204\n\n", "204 keep "},
      {"HTTP/1.1 200 OK\nContent-Length: 6\nX: y\n\na\nb\r\nc", "200 keep a\nb\r\nc"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\n\n\n\n", "200 keep \n\n\n"},
      {"HTTP/1.1 100\n\nHTTP/1.1 200\nContent-Length: 13\n\nHTTP/1.1 200\n",
       "200 keep HTTP/1.1 200\n"},
      {"HTTP/1.1 200\nTransfer-Encoding: chunked\n\n3\r\na\nb\r\n0\r\n\r\n", "200 keep a\nb"},
      {"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "corrupt"},
      {"HTTP/1.1 20\r\n\r\n", "corrupt"},
      {"HTTP/1.1 2000\r\n\r\n", "corrupt"},
      {"HTTP/1.1\r\n\r\n", "corrupt"},
      {"\n\nHTTP/1.1 200\n\n", "corrupt"},
      {"HTTP/1.1 200 OK\nContent-Le", "corrupt"},
  };
  for (const AnswerCase& test : cases) {
    for (const std::size_t step : {1U, 2U, 7U, 100'000U}) {
      EXPECT_EQ(read_answer(test.bytes, step), test.expected) << test.bytes << " by " << step;
    }
  }
}

TEST(ResponseReader, HeadHasNoBody) {
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 7, 0, true), "200 keep ");
}

TEST(ResponseReader, LimitsWhatComesOut) {
  std::string zeros;
  zeros.resize(20'000'000, '0');
  const std::string bomb = gzip(zeros);
  EXPECT_LT(bomb.size(), 200'000U);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
  EXPECT_EQ(read_answer(head + bomb, 65536, 1'000'000), "limit_exceeded");
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), 100, 1000),
            "limit_exceeded");
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'), 100, 1000),
            "end " + std::string(1000, 'x'));
}

TEST(ResponseReader, LimitsWhatComesOutNotWhatComesIn) {
  const std::string zipped = gzip("hello");
  ASSERT_GT(zipped.size(), 5U);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zipped;
  EXPECT_EQ(read_answer(answer, 1000, 5), "end hello");
  EXPECT_EQ(read_answer(answer, 1000, 4), "limit_exceeded");
}

TEST(MakeRoom, NeverHoldsMoreThanTheLimitWhileATextMoves) {
  for (const std::size_t limit : {1U << 20U, 1'000'003U, 1'048'575U, 200'000U}) {
    std::string text;
    std::size_t most = 0;
    const std::string piece(997, 'x');
    while (text.size() + piece.size() <= limit) {
      const std::size_t before = text.capacity();
      make_room(text, piece.size(), limit);
      const std::size_t size = text.size();
      text += piece;
      if (text.capacity() != before) {
        most = std::max(most, size + text.size());
      }
    }
    EXPECT_LE(most, limit + piece.size() + 64) << limit;
    EXPECT_LE(text.capacity(), limit + 64);
    EXPECT_GE(text.capacity(), limit - piece.size());
  }
}

TEST(MakeRoom, LeavesATextWithoutLimitAlone) {
  std::string text;
  make_room(text, 1'000'000, 0);
  EXPECT_LT(text.capacity(), 100U);
}

TEST(ResponseReader, EndlessHeadersAndChunkLinesAreCut) {
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nX: " + std::string(500'000, 'x'), 4096), "corrupt");
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) {
    many += "A: b\r\n";
  }
  EXPECT_EQ(read_answer(many, 4096), "corrupt");
  EXPECT_EQ(read_answer(std::string(500'000, 'x'), 4096), "corrupt");
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\n" + std::string(500'000, '\r'), 4096), "corrupt");
  EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;" +
                            std::string(500'000, 'x'),
                        4096),
            "corrupt");
}

TEST(RequestReader, MergesFormsIntoTheQueryFirst) {
  RequestReader reader({});
  const base::Result<bool> fed = reader.feed(
      "POST /api/v1/query?query=b&x=1 HTTP/1.1\r\nHost: a\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
      "14\r\n\r\nquery=a%2Bb+c&");
  ASSERT_TRUE(fed && *fed);
  const ServerRequest request = reader.take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/api/v1/query");
  EXPECT_EQ(request.parameter("query"), "a+b c");
  EXPECT_EQ(request.parameters("query"), (std::vector<std::string>{"a+b c", "b"}));
  EXPECT_EQ(request.parameter("x"), "1");
  EXPECT_FALSE(request.parameter("y"));
}

TEST(RequestReader, KeepsWhatFollowsForTheNext) {
  RequestReader reader({});
  const base::Result<bool> fed =
      reader.feed("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b%20c HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(fed && *fed);
  EXPECT_TRUE(reader.keep_alive());
  EXPECT_EQ(reader.take().path, "/a");
  const base::Result<bool> next = reader.feed("");
  ASSERT_TRUE(next && *next);
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_EQ(reader.take().path, "/b c");
  EXPECT_FALSE(reader.started());
}

struct BadCase {
  std::string bytes;
  int status;
};

TEST(RequestReader, SaysWhatIsWrong) {
  RequestReader::Limits limits;
  limits.max_header_bytes = 200;
  limits.max_body_bytes = 10;
  const std::vector<BadCase> cases = {
      {"garbage\r\n\r\n", 400},
      {"GET / HTTP/3.7\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n", 431},
      {"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + std::string(255, 'x'), 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
  };
  for (const BadCase& test : cases) {
    RequestReader reader(limits);
    const base::Result<bool> fed = reader.feed(test.bytes);
    EXPECT_FALSE(fed) << test.bytes;
    EXPECT_EQ(reader.error_status(), test.status) << test.bytes;
  }
}

TEST(RequestReader, KnowsWhoWaitsForContinue) {
  RequestReader reader({});
  const base::Result<bool> fed =
      reader.feed("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  ASSERT_TRUE(fed && !*fed);
  EXPECT_TRUE(reader.take_continue());
  EXPECT_FALSE(reader.take_continue());
  EXPECT_TRUE(reader.feed("hi").value());
}

TEST(RequestReader, KnowsWhoTakesGzip) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"gzip", true},      {"deflate, gzip;q=0.5", true}, {"*", true},
      {"gzip;q=0", false}, {"identity, br", false},       {"", false}};
  for (const auto& [header, expected] : cases) {
    RequestReader reader({});
    ASSERT_TRUE(reader.feed("GET / HTTP/1.1\r\nAccept-Encoding: " + header + "\r\n\r\n").value());
    EXPECT_EQ(reader.accepts_gzip(), expected) << header;
  }
}

TEST(FormatResponse, WritesLengthDateAndClose) {
  ServerResponse response = plain_response(404, "no");
  response.headers.set("X-Evil", "a\r\nSet-Cookie: b");
  const std::string text = format_response(response, base::from_millis(1'767'225'600'000), {});
  EXPECT_EQ(text,
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\nno\n");
  const std::string head =
      format_response(response, base::from_millis(0), {.head = true, .keep_alive = true});
  EXPECT_TRUE(head.ends_with("Content-Length: 3\r\n\r\n"));
  ServerResponse empty;
  empty.status = 204;
  EXPECT_EQ(format_response(empty, base::from_millis(0), {}).find("Content-Length"),
            std::string::npos);
}

TEST(Gzip, RoundTripsAndStopsAtTheLimit) {
  const std::string text(100'000, 'a');
  std::string out;
  Inflater inflater;
  EXPECT_TRUE(inflater.feed(gzip(text), out, 0));
  EXPECT_EQ(out, text);
  EXPECT_TRUE(inflater.finished());
  std::string limited;
  Inflater second;
  const base::Status fed = second.feed(gzip(text), limited, 50'000);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code(), ErrorCode::kLimitExceeded);
  EXPECT_LE(limited.size(), 50'000U);
}

}  // namespace
}  // namespace tocsin::net
