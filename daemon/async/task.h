#pragma once

#include <boost/asio/awaitable.hpp>

namespace tocsin::async {

/// A coroutine on an Asio executor. Take arguments by value or move; one co_await per statement;
/// no capturing lambda coroutines (g++ 12.2 miscompiles them).
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace tocsin::async
