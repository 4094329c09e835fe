// Loads a SavedModel by TensorFlow's C++ library, as TensorFlow Serving does, and runs serving_default.
//
//   smoke VERSION_FOLDER BATCH HEIGHT WIDTH CHANNELS < uint8 pixels > float32 probabilities
//
// Exit code 1 and the reason on standard error where anything fails.

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/public/session.h"

namespace tf = tensorflow;

int Fail(const std::string& reason) {
  std::cerr << reason << std::endl;
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 6) return Fail("usage: smoke VERSION_FOLDER BATCH HEIGHT WIDTH CHANNELS");
  tf::SavedModelBundle bundle;
  auto status = tf::LoadSavedModel(tf::SessionOptions(), tf::RunOptions(), argv[1], {"serve"}, &bundle);
  if (!status.ok()) return Fail(status.ToString());

  const auto found = bundle.GetSignatures().find("serving_default");
  if (found == bundle.GetSignatures().end()) return Fail("no signature serving_default");
  const auto& signature = found->second;

  tf::Tensor image(tf::DT_UINT8, {std::stoll(argv[2]), std::stoll(argv[3]), std::stoll(argv[4]), std::stoll(argv[5])});
  auto pixels = image.flat<std::uint8_t>();
  std::cin.read(reinterpret_cast<char*>(pixels.data()), pixels.size());
  if (std::cin.gcount() != pixels.size()) return Fail("fewer pixels than the shape says");

  std::vector<tf::Tensor> outputs;
  status = bundle.GetSession()->Run({{signature.inputs().at("image").name(), image}},
                                    {signature.outputs().at("probability").name()}, {}, &outputs);
  if (!status.ok()) return Fail(status.ToString());
  const auto probability = outputs[0].flat<float>();
  std::cout.write(reinterpret_cast<const char*>(probability.data()), probability.size() * sizeof(float));
  return 0;
}
