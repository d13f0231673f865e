#include "model/onnx/finish.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>

namespace autonba::onnx_import {
namespace {

constexpr int logit_bits = 32;

/// Numbers for all writers: operations of the host from the last to the first, the input, layers.
class Writers {
 public:
  explicit Writers(const Network& network)
      : host_ops_(network.host_ops.size()), count_(host_ops_ + 1 + network.layers.size()) {}
  std::size_t number(int writer) const {
    return static_cast<std::size_t>(writer + static_cast<std::ptrdiff_t>(host_ops_) + 1);
  }
  std::size_t count() const { return count_; }

 private:
  std::size_t host_ops_;
  std::size_t count_;
};

/// Which maps layers read, and which they need through the host.
struct Readers {
  std::vector<bool> by_layer;
  std::vector<bool> for_layer;  // by a layer, or by an operation of the host whose result one needs
};

Readers readers_of(const Network& network, const Writers& writers) {
  Readers readers{std::vector<bool>(writers.count()), {}};
  for (const Layer& layer : network.layers) {
    for (const MapSlice& slice : layer.inputs) {
      readers.by_layer[writers.number(slice.writer)] = true;
    }
    if (layer.residual) {
      readers.by_layer[writers.number(*layer.residual)] = true;
    }
  }
  readers.for_layer = readers.by_layer;
  for (std::size_t op = network.host_ops.size(); op-- > 0;) {  // operations read earlier ones
    if (readers.for_layer[writers.number(host_writer(op))]) {
      for (const int read : network.host_ops[op].reads) {
        readers.for_layer[writers.number(read)] = true;
      }
    }
  }
  return readers;
}

/// A layer has one bitwidth for its weights and all maps that it reads, and a map one for all its readers: the most
/// that any of them has.
void choose_bits(Draft& draft, const Writers& writers, const Readers& readers) {
  Network& network = draft.network;
  std::vector<std::size_t> joined(writers.count());
  std::iota(joined.begin(), joined.end(), 0);
  const auto find = [&](std::size_t i) {
    while (joined[i] != i) {
      i = joined[i] = joined[joined[i]];
    }
    return i;
  };
  for (const Layer& layer : network.layers) {
    for (const MapSlice& slice : layer.inputs) {
      joined[find(writers.number(slice.writer))] = find(writers.number(layer.inputs.front().writer));
    }
  }
  std::vector<int> bits(writers.count(), 0);
  const auto raise = [&](int writer, int wanted) {
    int& found = bits[find(writers.number(writer))];
    found = std::max(found, wanted);
  };
  const auto stated_or = [&](int writer, int otherwise) {
    const auto stated = draft.stated_bits.find(writer);
    return stated == draft.stated_bits.end() ? otherwise : stated->second;
  };
  raise(network_input, stated_or(network_input, draft.options.input_bits));
  for (std::size_t op = 0; op < network.host_ops.size(); ++op) {
    raise(host_writer(op), stated_or(host_writer(op), draft.options.bits));
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const int writer = static_cast<int>(i);
    raise(writer, stated_or(writer, draft.options.bits));
    if (weight_count(layer) > 0) {
      raise(layer.inputs.front().writer, draft.weight_bits[i].value_or(draft.options.bits));
    }
  }
  const auto chosen = [&](int writer) { return bits[find(writers.number(writer))]; };
  network.input.bits = chosen(network_input);
  for (std::size_t op = 0; op < network.host_ops.size(); ++op) {
    if (network.host_ops[op].map) {
      network.host_ops[op].map->bits = chosen(host_writer(op));
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    Layer& layer = network.layers[i];
    const int writer = static_cast<int>(i);
    const bool sums = (layer.op == LayerOp::conv || layer.op == LayerOp::linear) && !layer.residual &&
                      layer.activation.kind == Activation::Kind::none;
    const bool logits = sums && !readers.for_layer[writers.number(writer)] && !draft.stated_bits.contains(writer);
    layer.bits = chosen(layer.inputs.front().writer);
    layer.bits_out = logits ? logit_bits : chosen(writer);
  }
}

/// What each writer reads: numbers of writers.
std::vector<std::vector<std::size_t>> reads_of(const Network& network, const Writers& writers) {
  std::vector<std::vector<std::size_t>> reads(writers.count());
  for (std::size_t op = 0; op < network.host_ops.size(); ++op) {
    for (const int writer : network.host_ops[op].reads) {
      reads[writers.number(host_writer(op))].push_back(writers.number(writer));
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    std::vector<std::size_t>& of_layer = reads[writers.number(static_cast<int>(i))];
    for (const MapSlice& slice : network.layers[i].inputs) {
      of_layer.push_back(writers.number(slice.writer));
    }
    if (network.layers[i].residual) {
      of_layer.push_back(writers.number(*network.layers[i].residual));
    }
  }
  return reads;
}

/// An order in which every layer comes after those that it needs, through the host too, as near to the graph's as can
/// be.
std::vector<int> order_of(const Network& network, const Writers& writers, const std::string& file) {
  const auto reads = reads_of(network, writers);
  const std::size_t first_layer = writers.number(0);
  std::vector<std::vector<std::size_t>> readers(reads.size());
  std::vector<std::size_t> missing(reads.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;  // the host's before layers
  for (std::size_t i = 0; i < reads.size(); ++i) {
    missing[i] = reads[i].size();
    for (const std::size_t read : reads[i]) {
      readers[read].push_back(i);
    }
    if (reads[i].empty()) {
      ready.push(i);
    }
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    if (next >= first_layer) {
      order.push_back(static_cast<int>(next - first_layer));
    }
    for (const std::size_t reader : readers[next]) {
      if (--missing[reader] == 0) {
        ready.push(reader);
      }
    }
  }
  if (order.size() != network.layers.size()) {
    throw input_error("{}: its layers need each other in a circle", file);
  }
  return order;
}

void put_in_order(Network& network, const std::vector<int>& order) {
  std::vector<int> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  }
  const auto moved = [&](int writer) { return writer < 0 ? writer : place[static_cast<std::size_t>(writer)]; };
  std::vector<Layer> layers;
  for (const int index : order) {
    Layer layer = std::move(network.layers[static_cast<std::size_t>(index)]);
    for (MapSlice& slice : layer.inputs) {
      slice.writer = moved(slice.writer);
    }
    if (layer.residual) {
      layer.residual = moved(*layer.residual);
    }
    layers.push_back(std::move(layer));
  }
  network.layers = std::move(layers);
  for (HostOp& op : network.host_ops) {
    std::transform(op.reads.begin(), op.reads.end(), op.reads.begin(), moved);
  }
}

}  // namespace

Network finished(Draft draft) {
  const Writers writers(draft.network);
  const Readers readers = readers_of(draft.network, writers);
  for (std::size_t op = 0; op < draft.network.host_ops.size(); ++op) {
    if (!readers.by_layer[writers.number(host_writer(op))]) {
      draft.network.host_ops[op].map.reset();
    }
  }
  choose_bits(draft, writers, readers);
  put_in_order(draft.network, order_of(draft.network, writers, draft.file));
  check(draft.network, draft.file);
  return std::move(draft.network);
}

}  // namespace autonba::onnx_import
