# weir_flags: what every target is compiled with; weir_library: one of the three libraries.

# ccache, when it is there, makes every build after the first a matter of seconds.
find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${WEIR_CCACHE})
endif()

add_library(weir_flags INTERFACE)
target_compile_features(weir_flags INTERFACE c_std_11)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE)
target_compile_options(weir_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
    -fvisibility=hidden -fno-semantic-interposition
    $<$<NOT:$<CONFIG:Release>>:-fno-omit-frame-pointer> -g)
if(WEIR_WERROR)
    target_compile_options(weir_flags INTERFACE -Werror)
endif()
if(WEIR_SANITIZE)
    target_compile_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE}
        -fno-sanitize-recover=all)
    target_link_options(weir_flags INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()
if(WEIR_COVERAGE)
    target_compile_options(weir_flags INTERFACE --coverage -fprofile-abs-path)
    target_link_options(weir_flags INTERFACE --coverage)
endif()

# weir_library(name source...): static library weir_<name>, alias weir::<name>, its include/ folder
# public, its own folder private.
function(weir_library name)
    add_library(weir_${name} STATIC ${ARGN})
    add_library(weir::${name} ALIAS weir_${name})
    set_target_properties(weir_${name} PROPERTIES
        EXPORT_NAME ${name} OUTPUT_NAME weir-${name} POSITION_INDEPENDENT_CODE ON)
    target_include_directories(weir_${name}
        PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(weir_${name} PRIVATE $<BUILD_INTERFACE:weir_flags>)
endfunction()
